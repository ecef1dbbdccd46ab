"""``WahelpRetryPolicy`` decides; Airflow before 3.3 has no policies."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from airflow.providers.common.compat import sdk

from airflow_provider_wahelp.client.errors import (
    ConnectionLostError,
    CredentialsError,
    InputError,
    NotFoundError,
    RateLimitedError,
    RejectedError,
    ServerError,
    UnknownOutcomeError,
)

try:
    sdk.RetryPolicy  # noqa: B018 - whether it is there
except (AttributeError, ImportError):
    pytest.skip("Airflow before 3.3 has no retry policies", allow_module_level=True)

from airflow_provider_wahelp.retry_policy import WahelpRetryPolicy


def decide(error: BaseException, **longest: Any) -> Any:
    return WahelpRetryPolicy(**longest).evaluate(error, 1, 3, {})


@pytest.mark.parametrize("kind", [CredentialsError, NotFoundError, RejectedError, UnknownOutcomeError])
def test_what_is_permanent_fails(kind: type[RejectedError]) -> None:
    error = kind("send a message", "no")
    assert decide(error) == sdk.RetryDecision.fail(reason=str(error))


def test_an_argument_fails() -> None:
    assert decide(InputError("text", "must not be empty")).action.value == "fail"


@pytest.mark.parametrize(("asked", "waited"), [(0, 0), (90, 90), (3600, 3600), (86_400, 3600)])
@pytest.mark.parametrize("kind", [RateLimitedError, ServerError])
def test_the_api_says_how_long_to_wait(kind: type[RateLimitedError], asked: float, waited: float) -> None:
    error = kind("send a message", retry_after=asked)
    assert decide(error) == sdk.RetryDecision.retry(delay=timedelta(seconds=waited), reason=str(error))


def test_the_longest_wait_is_the_authors() -> None:
    error = RateLimitedError("send a message", retry_after=90)
    assert decide(error, longest=timedelta(seconds=60)).retry_delay == timedelta(seconds=60)


@pytest.mark.parametrize(
    "error", [ConnectionLostError("send"), RateLimitedError("send"), ValueError("other")]
)
def test_everything_else_is_left_to_the_task(error: Exception) -> None:
    assert decide(error) == sdk.RetryDecision.default()


def test_an_unclear_outcome_that_a_retry_settles_is_left_to_the_task() -> None:
    error = UnknownOutcomeError("the message was sent")
    error.temporary = True
    assert decide(error) == sdk.RetryDecision.default()
