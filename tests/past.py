"""A channel that is older than what a test sends through it, as all but new ones are."""

from __future__ import annotations

from collections.abc import Callable

from airflow_provider_wahelp.sandbox import Sandbox

OLD_CUSTOMER = "+79160000009"


def give_a_past(
    sandbox: Sandbox,
    channel_uuid: str,
    seconds: float = 300.0,
    sleep: Callable[[float], object] | None = None,
) -> None:
    """Let somebody have written long ago: a history of nothing but new messages proves little.

    By a clock that is not known yet it takes two messages to tell that the history goes back far enough.

    :param seconds: how long ago the last message was; the first was as long before it.
    :param sleep: lets time pass; the sandbox's alone by default.
    """
    for words in ("Здравствуйте", "Вы работаете?"):
        sandbox.receive(OLD_CUSTOMER, words, channel_uuid)
        (sleep or sandbox.advance)(seconds)
