"""What the operators share that write to people: what holds a message back, and what goes in any case."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NoReturn

from airflow_provider_wahelp.delivery.limits import options
from airflow_provider_wahelp.delivery.limits.daily_cap import DAILY_CAP
from airflow_provider_wahelp.hooks.failures import airflow_errors
from airflow_provider_wahelp.operators.news import trigger_at
from airflow_provider_wahelp.operators.sending import SendingOperator
from airflow_provider_wahelp.task import optional

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_wahelp.delivery.limits.admission import Admission, HeldError
    from airflow_provider_wahelp.delivery.limits.options import SendLimits
    from airflow_provider_wahelp.hooks.wahelp import WahelpHook

COUNTED = options.SendLimits(urgent=True)
"""What a message keeps to that counts, and that no limit holds back."""


class LimitedOperator(SendingOperator):
    """An operator whose messages count, and that a limit holds back.

    :param daily_cap: messages in any 24 hours through this channel, counted over all tasks of the host, or of
        all hosts with a shared state; ``None`` for no limit. Messengers ban numbers that write too much.
    :param warm_up: whether the channel's number is new: at first it may send less, and more from day to day,
        up to ``daily_cap``. See ``docs/mailings.md``.
    :param urgent: whether it goes whatever ``daily_cap`` says. It counts all the same.
    """

    checks = SendingOperator.checks | {"daily_cap": optional(options.daily_cap)}

    def __init__(
        self,
        *,
        daily_cap: int | str | None = DAILY_CAP,
        warm_up: bool = False,
        urgent: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.daily_cap = daily_cap
        self.warm_up = warm_up
        self.urgent = urgent

    def _check_arguments(self) -> None:
        with airflow_errors():  # Airflow renders none of these: a literal is all that they can be
            options.yes_or_no("warm_up", self.warm_up)
            options.yes_or_no("urgent", self.urgent)
        super()._check_arguments()

    def _limits(self) -> SendLimits:
        return options.SendLimits(self._checked("daily_cap"), self.warm_up, self.urgent)

    def _admission(self) -> Admission:
        return admission(self.hook, self._limits())

    def _hold(self, held: HeldError) -> NoReturn:
        """Free the worker until the message may go."""
        until = datetime.now(UTC) + timedelta(seconds=held.seconds or 0)
        self.log.warning("Not sent yet: %s. The task goes on %s", held, until)
        self.defer(trigger=trigger_at(until), method_name="resume")

    def resume(self, context: Context, event: Any = None) -> Any:
        """Go on after a deferral."""
        return self.execute(context)


def admission(hook: WahelpHook, limits: SendLimits = COUNTED) -> Admission:
    """Return what counts the messages of a task, and holds them back."""
    from airflow_provider_wahelp.delivery.limits.admission import Admission
    from airflow_provider_wahelp.storage.state.shared import shared_state

    return Admission(hook.get_conn().settings.base_url, limits, shared_state)
