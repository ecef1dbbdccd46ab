"""Which calls are repeated, and when. Both clients pass :func:`policy` to tenacity, so they behave alike."""

from __future__ import annotations

from typing import Any

from tenacity import RetryCallState, stop_after_attempt, stop_before_delay, wait_random_exponential

from airflow_provider_wahelp.client.call import Call
from airflow_provider_wahelp.client.errors import WahelpError
from airflow_provider_wahelp.client.settings import Settings

FIRST_WAIT, LONGEST_WAIT = 0.5, 20.0
"""Seconds: the upper bounds of the first and of the longest wait between attempts."""

_jittered = wait_random_exponential(multiplier=FIRST_WAIT, max=LONGEST_WAIT)


def may_repeat(call: Call[Any], error: BaseException) -> bool:
    """Return whether a call that failed may be performed again.

    A call that changes something is repeated only if it certainly was not carried out.
    """
    if not isinstance(error, WahelpError) or not error.temporary or error.lasting:
        return False
    return call.repeatable or not error.may_have_happened


def wait(state: RetryCallState) -> float:
    """Return the seconds to wait: what the API said, or an exponential wait with full jitter.

    :param state: tenacity's account of the attempts so far.
    """
    error = state.outcome.exception() if state.outcome else None
    asked = error.retry_after if isinstance(error, WahelpError) else None
    jittered = _jittered(state)
    return jittered if asked is None else asked + min(jittered, 1.0)


def describe(error: WahelpError, seconds: float) -> str:
    """Describe why a call is repeated, and when."""
    answer = f", HTTP {error.status}" if error.status else ""
    return f"Wahelp ({error.meaning}{answer}), which is asked again within {max(seconds, 1.0):.0f} s"


def policy(settings: Settings) -> dict[str, Any]:
    """Return the arguments for tenacity's ``Retrying`` and ``AsyncRetrying``.

    What is retried must take the call as its first argument. A wait that would pass the deadline is not
    begun: the error reaches the caller at once, with its ``retry_after``.
    """
    return {
        "retry": _may_go_on,
        "wait": wait,
        "stop": stop_after_attempt(settings.retries + 1) | stop_before_delay(settings.deadline),
        "reraise": True,
    }


def _may_go_on(state: RetryCallState) -> bool:
    error = state.outcome.exception() if state.outcome else None
    return error is not None and may_repeat(state.args[0], error)
