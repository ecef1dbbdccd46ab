"""The platform's own mailings: what takes more than one call, and starts nothing twice."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from airflow_provider_wahelp.client.arguments import IfExists
from airflow_provider_wahelp.client.bodies import FilePart
from airflow_provider_wahelp.client.call import Id
from airflow_provider_wahelp.client.errors import (
    DeliveryTimeoutError,
    InputError,
    NotFoundError,
    RejectedError,
    UnknownOutcomeError,
    WahelpError,
    error_from_dict,
)
from airflow_provider_wahelp.client.flow import Flow, Pause, service_facts
from airflow_provider_wahelp.client.operations import existing, list_all
from airflow_provider_wahelp.client.paging import Pager
from airflow_provider_wahelp.client.platform import mailings
from airflow_provider_wahelp.client.platform.errors import MailingNotSentError
from airflow_provider_wahelp.client.platform.mailings import MailingPlace, MailingState, PlatformMailing
from airflow_provider_wahelp.client.reconcile import carried_out_once, created_once, find_new
from airflow_provider_wahelp.client.waiting import Result, is_transient, retry_delay

LOOKS = (1.0, 2.0, 4.0, 8.0, 15.0)
"""Seconds before each look whether a mailing was started; the last again and again, until a start that was
begun has arrived or never will."""

LEAST_INTERVAL = 1.0
"""The shortest time between two looks, in seconds, whatever interval a task has."""

END_STATES: Sequence[MailingState] = ("finished", "stopped", "failed")

log = logging.getLogger(__name__)


def get_mailing(place: MailingPlace, mailing_id: Id) -> Flow[PlatformMailing]:
    """Find a mailing in the list: the vendor lists no operation that reads one.

    :raises NotFoundError: if the list has no such mailing.
    """
    pager: Pager[PlatformMailing] = Pager(paged=True)
    while not pager.done:
        page = yield from pager.ask(lambda number: mailings.list_mailings(place, number))
        for mailing in pager.take(page):
            if str(mailing.id) == str(mailing_id):
                return mailing
    raise NotFoundError(f"find mailing {mailing_id} among {place.words}")


def ensure_mailing(
    place: MailingPlace,
    name: str,
    fields: Mapping[str, Any],
    files: Sequence[FilePart],
    if_exists: IfExists = "reuse",
) -> Flow[PlatformMailing]:
    """Create a mailing, or take the one of the same name.

    :param if_exists: what to do with one of the same name.
    """
    page_of = partial(mailings.list_mailings, place)

    def listed() -> Flow[list[PlatformMailing] | None]:
        return (yield from list_all(page_of, lambda mailing: mailing.name == name, paged=True))

    call = mailings.create_mailing(place, name, fields, files)
    there = yield from listed()
    if there and if_exists != "create":
        return existing(there[0], if_exists, call.what)
    find = find_new("the mailing was created", listed, there or [])
    return (yield from created_once(call, find))


def start_mailing(
    place: MailingPlace, mailing_id: Id, *, is_repeated: bool = False
) -> Flow[tuple[PlatformMailing, bool]]:
    """Start a mailing, unless it was started before; its state decides.

    :param is_repeated: whether an earlier attempt may have started it a moment ago.
    :return: the mailing, and whether this has started it.
    :raises UnknownOutcomeError: if its state does not say whether it was started.
    """
    mailing = yield from get_mailing(place, mailing_id)
    if is_repeated and mailing.state == "draft":
        mailing = (yield from _started(place, mailing_id)) or mailing
    _require_known(mailing)
    if mailing.state != "draft":
        return mailing, False

    def send() -> Flow[tuple[PlatformMailing, bool]]:
        try:
            yield mailings.send_mailing(place, mailing_id)
        except RejectedError:  # perhaps because somebody else has started it
            now = yield from get_mailing(place, mailing_id)
            if now.state not in {"running", "finished"}:
                raise
            return now, False
        return replace(mailing, status=None, state="running"), True

    def find(_error: WahelpError) -> Flow[tuple[PlatformMailing, bool] | None]:
        started = yield from _started(place, mailing_id)
        return (started, True) if started else None

    return (yield from carried_out_once(send, find))


def stop_mailing(place: MailingPlace, mailing_id: Id, name: str) -> Flow[PlatformMailing]:
    """Stop a mailing, which clears its queue for good; one that has ended stays as it is.

    :param name: its name, so that no other one is stopped by a mistyped id.
    :raises InputError: if its name is another.
    """
    mailing = yield from get_mailing(place, mailing_id)
    if (mailing.name or "").strip() != name.strip():
        raise InputError(
            "name", f"must be the name of mailing {mailing_id}: to stop it clears its queue for good"
        )
    if mailing.state in END_STATES:
        return mailing
    yield mailings.stop_mailing(place, mailing_id)
    return (yield from get_mailing(place, mailing_id))


def ended(mailing: PlatformMailing) -> Result | None:
    """Return the mailing once it is finished, as plain values with nothing personal in it.

    :raises MailingNotSentError: if it never will be.
    """
    if mailing.state in {"stopped", "failed"}:
        raise MailingNotSentError(
            f"send mailing {mailing.id} to its end", f'its status is "{mailing.status}"'
        )
    if mailing.state != "finished":
        return None
    return {"id": mailing.id, "status": mailing.status, "state": mailing.state}


def result_of(mailing_id: Id, event: Mapping[str, Any]) -> Result:
    """Return what a wait has found.

    :param event: what :func:`until_ended` returns.
    :raises DeliveryTimeoutError: if the time was over.
    :raises WahelpError: what the wait has ended with.
    """
    if "error" in event:
        raise error_from_dict(event["error"])
    if "result" not in event:
        raise DeliveryTimeoutError(f"see mailing {mailing_id} end")
    return dict(event["result"])


def until_ended(
    place: MailingPlace, mailing_id: Id, interval: float, deadline: float | None
) -> Flow[dict[str, Any]]:
    """Look again and again until a mailing has ended, or the time is over.

    :param interval: seconds between two looks.
    :param deadline: when to give up, in seconds since 1970.
    :return: ``{"result": ...}``, ``{"error": ...}`` or ``{"late": True}``.
    """
    interval = max(interval, LEAST_INTERVAL)
    while True:
        pause = interval
        try:
            if result := ended((yield from get_mailing(place, mailing_id))):
                return {"result": result}
        except WahelpError as error:
            if not is_transient(error):
                return {"error": error.to_dict()}
            pause = max(interval, retry_delay(error))
            log.warning("%s Looking again in %g s.", error, pause)
        left = pause if deadline is None else deadline - time.time()
        if left <= 0:
            return {"late": True}
        yield Pause(min(pause, left))


def _started(place: MailingPlace, mailing_id: Id) -> Flow[PlatformMailing | None]:
    """Look whether a start that may be under way has arrived, for as long as one may take.

    :return: the mailing; ``None`` if it is still a draft, so that nothing has started it.
    """
    left, looks = (yield from service_facts()).arrives_within, list(LOOKS)
    fault: WahelpError | None = None
    while left > 0:
        seconds = min(looks.pop(0) if len(looks) > 1 else looks[0], left)
        yield Pause(seconds)
        left -= seconds
        try:
            mailing = yield from get_mailing(place, mailing_id)
        except WahelpError as error:
            fault = error
            continue
        fault = None
        _require_known(mailing)
        if mailing.state != "draft":
            return mailing
    if fault:
        raise _unclear(mailing_id, fault.reason, again=True) from fault
    return None


def _require_known(mailing: PlatformMailing) -> None:
    if mailing.state == "unknown":
        status = f'its status is "{mailing.status}"' if mailing.status else "it has no status"
        raise _unclear(mailing.id, f"{status}; say what that means in [wahelp] mailing_states", again=False)


def _unclear(mailing_id: Id | None, why: str, *, again: bool) -> UnknownOutcomeError:
    error = UnknownOutcomeError(f"mailing {mailing_id} was started", why)
    error.temporary = again  # a retry of the task looks again
    return error
