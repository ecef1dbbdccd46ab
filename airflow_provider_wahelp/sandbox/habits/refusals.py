"""How a service may refuse a send."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_provider_wahelp.sandbox.errors import SandboxError

if TYPE_CHECKING:
    from airflow_provider_wahelp.sandbox.habits.habits import Habits


def logged_out(habits: Habits) -> SandboxError:
    """Build the answer to a send through a channel that is logged out.

    :param habits: its HTTP status.
    """
    words = {404: "Канал: не найдено", 422: "Канал не активен"}
    return SandboxError(habits.logged_out_status, words[habits.logged_out_status])


def check_send(habits: Habits, phone: str, sent: int) -> None:
    """Refuse a send to a person who blocked the channel, and one that the account may not make.

    :param habits: who did, and what the account may.
    :param phone: the digits of the person's phone.
    :param sent: how many messages the account has sent.
    """
    if habits.quota is not None and sent >= habits.quota:
        raise SandboxError(habits.quota_status, "Лимит сообщений исчерпан")
    if phone in habits.blocked:
        raise SandboxError(403, "Пользователь заблокировал канал")
