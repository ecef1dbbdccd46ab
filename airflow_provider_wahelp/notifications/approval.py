"""A question of Airflow's to people, asked by phone: their reply decides the task (Airflow 3.1 and later)."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow_provider_wahelp.client import arguments, phones
from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.notifications.approval_options import shown_options
from airflow_provider_wahelp.notifications.wahelp import WahelpNotifier

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_wahelp.language import Words
    from airflow_provider_wahelp.notifications.event import Event
    from airflow_provider_wahelp.notifications.notification import Notification

_MUST = 'must be the Airflow user of each phone, e.g. {"+71234567890": "anna"}'
_OWN = ("to", "phone", "user_id", "throttle", "group_by", "quiet_hours", "fallback")


def check_approvers(value: object) -> dict[str, str]:
    """Return the Airflow user for each phone, normalised where the phone has a country code.

    :raises InputError: if it is anything else, or names one phone twice.
    """
    if not isinstance(value, Mapping) or not value:
        raise InputError("approvers", _MUST)
    checked: dict[str, str] = {}
    for phone, user in value.items():
        if not isinstance(user, str) or not user.strip():
            raise InputError("approvers", _MUST)
        number = _phone(phone)
        if number in checked:
            raise InputError("approvers", "must name each phone once")
        checked[number] = user.strip()
    return checked


def _phone(phone: object) -> str:
    try:
        checked = phones.check(phone)
        return phones.normalise(checked, None) if checked.startswith("+") else checked
    except InputError:
        raise InputError("approvers", _MUST) from None


class WahelpApprovalNotifier(WahelpNotifier):
    """Asks by phone what a ``HITLOperator``, ``ApprovalOperator`` or ``HITLBranchOperator`` asks.

    For the ``notifiers`` of such an operator. Each approver gets the question with its options, numbered. The
    first one who replies with a number or an option decides the task, as the Airflow user whom ``approvers``
    names, if Airflow lets that user. Needs the receiver of webhooks: ``docs/listening.md``.

    A reply gives one option. A form (``params``) keeps its defaults. The other parameters are those of
    :class:`WahelpNotifier`, without ``throttle``, ``quiet_hours`` and ``fallback``.

    :param approvers: the Airflow user, by name, for each phone with its country code.
    :param text: what stands above the options, a template; by default the subject and the body.
    """

    def __init__(self, *, approvers: Mapping[str, str], text: str | None = None, **kwargs: Any) -> None:
        for name in _OWN:
            if name in kwargs:
                raise InputError(name, "cannot be given with approvers")
        self.approvers = check_approvers(approvers)
        super().__init__(text=text, to=list(self.approvers), **kwargs)

    def _notification(self, context: Context, deadline: float) -> Notification:
        asking = copy.copy(self)
        asking._question = _question(context)
        notification = WahelpNotifier._notification(asking, context, deadline)
        self._record(context)
        return notification

    _question: tuple[str, list[str], str] = ("", [], "")
    """What stands above, the options, and the code of the question."""

    def _text(self, event: Event, zone: ZoneInfo, words: Words) -> str:
        above, options, code = self._question
        own = self.text not in (None, "", "None")
        shown = [f"{number}. {option}" for number, option in enumerate(shown_options(options, words), 1)]
        how = words.gettext(
            "Reply with a number. If you were asked several things: #{code} and the number.", code=code
        )
        return arguments.text("\n".join([str(self.text) if own else above, *shown, how]))

    def _record(self, context: Context) -> None:
        """Write down who may decide, before anybody can reply."""
        from airflow_provider_wahelp.notifications.approval_record import XCOM_KEY, ApprovalRecord

        rendered = self._rendered(context)
        options: list[str] = context["task"].options  # type: ignore[union-attr]
        region = phones.check_region(rendered.default_region)
        record = ApprovalRecord.of(
            {phones.normalise(phone, region): user for phone, user in self.approvers.items()},
            conn_id=rendered.wahelp_conn_id,
            channel_uuid=str(rendered.channel_uuid or ""),
            options=list(options),
            asked_at=datetime.now(UTC).isoformat(),
            language=str(rendered.language or ""),
        )
        ti: Any = context["ti"]
        ti.xcom_push(key=XCOM_KEY, value=record.signed(ti.id))


def _question(context: Context) -> tuple[str, list[str], str]:
    from airflow_provider_wahelp.notifications.approval_record import code_of

    task: Any = context["task"]
    if not getattr(task, "options", None) or not getattr(task, "subject", None):
        raise InputError("notifiers", "WahelpApprovalNotifier is for an operator that asks people (HITL)")
    ti: Any = context["ti"]
    above = "\n".join(part for part in (task.subject, task.body) if part)
    return above, list(task.options), code_of(ti.id)
