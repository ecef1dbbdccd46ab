"""What the operators share that send, to one person or to many: their arguments, the ledger, the wait."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_wahelp.client import arguments
from airflow_provider_wahelp.delivery import send_options
from airflow_provider_wahelp.failures import airflow_errors
from airflow_provider_wahelp.operators.base import WahelpOperator
from airflow_provider_wahelp.task import anything, optional, required

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_wahelp.client.base_error import InputError
    from airflow_provider_wahelp.delivery.attempt import Attempt
    from airflow_provider_wahelp.delivery.ledger import Ledger
    from airflow_provider_wahelp.delivery.waiting import WaitOptions


class SendingOperator(WahelpOperator):
    """An operator that sends once, and can wait for what it has sent."""

    checks = WahelpOperator.checks | {
        "channel_uuid": optional(arguments.channel_uuid),
        "project_id": optional(arguments.project_id),
        "if_unclear": required(arguments.if_unclear),
        "on_rerun": required(arguments.on_rerun),
        "ledger_path": optional(anything),
        "wait_for": optional(send_options.wait_for),
        "wait_timeout": required(send_options.wait_timeout),
        "poll_interval": required(send_options.poll_interval),
        "fallback": optional(send_options.fallback),
        "fallback_after": optional(send_options.fallback_after),
    }

    channel_uuid: str | None
    project_id: int | str | None
    wait_for: Any
    fallback: Any
    fallback_after: Any
    _refusal: InputError | None = None

    def post_execute(self, context: Any, result: Any = None) -> None:
        """Fail if nothing could be done with the input; what is returned and reported tells of it first."""
        super().post_execute(context, result)
        if self._refusal:
            with airflow_errors():
                raise self._refusal

    def _check_together(self) -> None:
        send_options.require_fallback(self.fallback, fallback_after=self.fallback_after)

    def _attempt_and_ledger(self, context: Context, key: str = "") -> tuple[Attempt, Ledger | None]:
        """Return which attempt of the task this is, and the ledger. Without any key there is no ledger."""
        from airflow_provider_wahelp.delivery.attempt import attempt_of
        from airflow_provider_wahelp.delivery.ledger import ledger_of

        path = self._checked("ledger_path")
        attempt = attempt_of(context, self.retries or 0)
        is_filed = bool(key or attempt.key)  # a test that calls execute({}) has no task instance
        return attempt, ledger_of(context, path) if is_filed else None

    def _wait_options(self) -> WaitOptions:
        from airflow_provider_wahelp.delivery.waiting import WaitOptions

        return WaitOptions(
            wanted=self._checked("wait_for") or "delivered",
            timeout=self._checked("wait_timeout"),
            fallback_after=self._checked("fallback_after") or send_options.FALLBACK_AFTER.total_seconds(),
            interval=self._checked("poll_interval"),
        )
