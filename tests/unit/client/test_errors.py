from __future__ import annotations

import copy
import pickle

import pytest

from airflow_provider_wahelp.client import errors

KINDS = [
    kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.WahelpError)
]
LOST = {"ConnectionLostError", "ReadTimeoutError", "ServerError", "UnreadableAnswerError"}
UNKNOWN = LOST | {"OutOfTimeError", "UnknownOutcomeError"}
LATER = LOST | {
    "ConnectTimeoutError",
    "HistoryIncompleteError",
    "MailingStoppedError",
    "NotReachableError",
    "OutOfTimeError",
    "PaymentRequiredError",
    "RateLimitedError",
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_states_what_may_be_done_about_it(kind: type[errors.WahelpError]) -> None:
    error = kind("do it", "so and so")
    assert error.temporary is (kind.__name__ in LATER)
    assert error.may_have_happened is (kind.__name__ in UNKNOWN)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "through", [lambda e: pickle.loads(pickle.dumps(e)), copy.copy], ids=["pickle", "copy"]
)
def test_every_error_survives_the_way_to_another_process(
    kind: type[errors.WahelpError], through: object
) -> None:
    given = {} if kind is errors.InputError else {"status": 422, "retry_after": 1.5, "payload": {"a": 1}}
    error = kind("do it", "so and so", **given)
    other = through(error)  # type: ignore[operator]
    assert (type(other), str(other), vars(other)) == (kind, str(error), vars(error))


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (
            errors.RateLimitedError("send", "Too Many", status=429, retry_after=7.0),
            "Could not send: too many requests (HTTP 429): Too Many. "
            "Nothing was carried out; it may be repeated in 7 s.",
        ),
        (
            errors.ReadTimeoutError("send"),
            "Could not send: no answer in time. It is not known whether Wahelp carried it out.",
        ),
        (
            errors.ForbiddenError("send", status=403),
            "Could not send: the account has no right to do this (HTTP 403). "
            "Repeating it unchanged will not help. Check the account's role in the Wahelp project.",
        ),
        (errors.InputError("phone", "must be a phone number"), "phone: must be a phone number"),
    ],
    ids=["later", "unknown", "final", "input"],
)
def test_an_error_tells_what_happened_and_what_to_do(error: errors.WahelpError, text: str) -> None:
    assert str(error) == text


def test_a_bad_argument_is_a_value_error_too() -> None:
    assert issubclass(errors.InputError, ValueError)
