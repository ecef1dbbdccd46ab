"""What there is, at a glance: for whoever looks on."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from airflow_provider_wahelp.sandbox.state import views
from airflow_provider_wahelp.sandbox.state.core import Area, reading

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_provider_wahelp.sandbox.state.records import Channel, User


class Overview(Area):
    """Projects, channels, phones and the clock, in the sandbox's own spelling: all times are in UTC."""

    @reading
    def show(self, phones: int) -> dict[str, Any]:
        """Show everything that people and time can change.

        :param phones: of how many phones at most: those that were heard of last.
        """
        registry, clock = self._core.registry, self._core.clock
        known = list(self._phones())
        return {
            "now": _utc(clock.now()),
            "ahead": clock.offset,
            "tokens": sum(end > clock.now() for end in registry.tokens.values()),
            "projects": [views.project(project) for project in registry.projects.values()],
            "channels": [_channel(channel) for channel in registry.channels.values()],
            "phones": [self._phone(phone) for phone in islice(known, phones)],
            "phones_known": len(known),
        }

    @reading
    def phone(self, phone: str) -> dict[str, Any]:
        """Show a phone, known or not.

        :param phone: its digits.
        """
        return self._phone(phone)

    def _phones(self) -> Iterator[str]:
        """Yield the phones: the latest message first, those that never had one last."""
        core = self._core
        talked = core.registry.conversations
        yield from reversed(talked)
        of_messenger = {*core.registry.messengers, *core.options.lacks_messenger}
        yield from sorted(of_messenger - talked.keys())

    def _phone(self, phone: str) -> dict[str, Any]:
        lines = self._core.registry.conversations.get(phone, [])
        return {
            "phone": phone,
            "messenger": self._core.has_messenger(phone),
            "users": [_user(user) for user in self._users(phone)],
            "messages": len(lines),
            "latest": views.line(lines[-1]) if lines else None,
        }

    def _users(self, phone: str) -> Iterator[User]:
        registry = self._core.registry
        for project_id in registry.projects:
            contact = registry.contact_by_phone(project_id, phone)
            yield from registry.users_of_contact[contact.id] if contact else ()


def _channel(channel: Channel) -> dict[str, Any]:
    due = channel.activates_at
    return {**views.channel(channel), "activates_at": None if due is None else _utc(due)}


def _user(user: User) -> dict[str, Any]:
    return {
        "id": user.id,
        "name": user.name,
        "contact_id": user.contact_id,
        "channel_uuid": user.channel_uuid,
    }


def _utc(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
