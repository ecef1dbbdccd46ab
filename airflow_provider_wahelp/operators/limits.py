"""What the operators share that write to people: what holds a message back, and what goes in any case."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NoReturn

from airflow.providers.common.compat.sdk import AirflowSkipException, conf

from airflow_provider_wahelp.delivery import send_options
from airflow_provider_wahelp.failures import airflow_errors
from airflow_provider_wahelp.operators.sending import SendingOperator
from airflow_provider_wahelp.task import optional

if TYPE_CHECKING:
    from airflow_provider_wahelp.delivery.limits.admission import Admission, HeldError
    from airflow_provider_wahelp.delivery.limits.send_limits import SendLimits
    from airflow_provider_wahelp.hooks.wahelp import WahelpHook


class LimitedOperator(SendingOperator):
    """An operator whose messages count, and that a limit holds back.

    :param daily_cap: messages in any 24 hours through this channel, counted over all tasks of the host, or of
        all hosts with a shared state; ``None`` for no limit. Messengers ban numbers that write too much.
    :param warm_up: whether the channel's number is new: at first it may send less, and more from day to day,
        up to ``daily_cap``. See ``docs/mailings.md``.
    :param per_person: messages that one person gets in a period at most, over all tasks with such a limit and
        all channels of the project, e.g. ``"3 per week"`` or ``"5 per 30 days"``; by default what
        ``[wahelp] per_person`` says. See ``docs/mailings.md``.
    :param silent_for: leave out who has not written to the channel for so long: a timedelta, seconds, or e.g.
        ``"30 days"``. Whoever was never seen to write is left out too. See ``docs/mailings.md``.
    :param urgent: whether it goes whatever ``daily_cap``, ``per_person`` and ``silent_for`` say. It counts
        all the same.
    """

    checks = SendingOperator.checks | {
        "daily_cap": optional(send_options.daily_cap),
        "per_person": optional(send_options.per_person),
        "silent_for": optional(send_options.silent_for),
    }

    def __init__(
        self,
        *,
        daily_cap: int | str | None = send_options.DAILY_CAP,
        warm_up: bool = False,
        per_person: str | None = None,
        silent_for: timedelta | float | str | None = None,
        urgent: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.daily_cap = daily_cap
        self.warm_up = warm_up
        self.per_person = per_person
        self.silent_for = silent_for
        self.urgent = urgent

    def _check_arguments(self) -> None:
        with airflow_errors():  # Airflow renders none of these: a literal is all that they can be
            send_options.yes_or_no("warm_up", self.warm_up)
            send_options.yes_or_no("urgent", self.urgent)
        super()._check_arguments()

    def _limits(self) -> SendLimits:
        from airflow_provider_wahelp.delivery.limits.send_limits import SendLimits

        return SendLimits(
            daily_cap=self._checked("daily_cap"),
            warm_up=self.warm_up,
            urgent=self.urgent,
            per_person=self._checked("per_person") or configured_per_person(),
            silent_for=self._checked("silent_for"),
        )

    def _admission(self) -> Admission:
        return admission(self.hook, self._limits())

    def _hold(self, held: HeldError) -> NoReturn:
        """Free the worker until the message may go; skip the task if it is not to go."""
        if held.seconds is None:
            raise AirflowSkipException(f"Not sent: {held}; urgent=True passes it") from None
        from airflow_provider_wahelp.operators.news import trigger_at

        until = datetime.now(UTC) + timedelta(seconds=held.seconds)
        self.log.warning("Not sent yet: %s. The task goes on %s", held, until)
        self.defer(trigger=trigger_at(until), method_name="resume")


def admission(hook: WahelpHook, limits: SendLimits | None = None) -> Admission:
    """Return what counts the messages of a task, and holds them back.

    :param limits: what they keep to; ``None``: they are counted alone.
    """
    from airflow_provider_wahelp.delivery.limits.admission import Admission
    from airflow_provider_wahelp.delivery.limits.send_limits import SendLimits
    from airflow_provider_wahelp.storage.state.shared import shared_state

    limits = limits or SendLimits(urgent=True, per_person=configured_per_person())
    return Admission(hook.get_conn().settings.base_url, limits, shared_state)


def configured_per_person() -> send_options.PerPerson | None:
    """Return how many messages a person gets at most, as ``[wahelp] per_person`` says for all tasks."""
    configured = (conf.get("wahelp", "per_person", fallback="") or "").strip()
    with airflow_errors():
        return send_options.per_person(configured) if configured else None
