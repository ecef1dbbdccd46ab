"""The mailings that the platform itself sends. Their fields and states are guessed, all of them."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any

from airflow_provider_wahelp.sandbox.errors import SandboxError, not_found, not_imitated
from airflow_provider_wahelp.sandbox.state import fields as read
from airflow_provider_wahelp.sandbox.state.core import Area, changing, reading
from airflow_provider_wahelp.sandbox.state.records import Mailing

if TYPE_CHECKING:
    from airflow_provider_wahelp.sandbox.state.core import Core
    from airflow_provider_wahelp.sandbox.state.messages import Messages
    from airflow_provider_wahelp.sandbox.state.records import Message

KINDS = ("whatsapp", "waba", "viber_tg_vk")


class Mailings(Area):
    """Mailings: drafts, those that run, and those that have ended.

    :param core: what the areas share.
    :param messages: sends to the users.
    """

    def __init__(self, core: Core, messages: Messages) -> None:
        super().__init__(core)
        self._messages = messages

    @reading
    def mailings(self, project_id: int, uuid: str, kind: str) -> list[dict[str, Any]]:
        """List the mailings of a kind, the newest first.

        :param project_id: the channel's project.
        :param uuid: the channel's uuid.
        :param kind: one of :data:`KINDS`.
        """
        channel = self._core.channel(project_id, uuid)
        found = [each for each in self._core.registry.mailings.values() if each.channel_uuid == channel.uuid]
        return [_show(mailing) for mailing in reversed(found) if mailing.kind == _known(kind)]

    @changing
    def create(self, project_id: int, uuid: str, kind: str, fields: read.Fields) -> dict[str, Any]:
        """Create a mailing to all users of a channel; nobody gets it yet.

        :param project_id: the channel's project.
        :param uuid: the channel's uuid.
        :param kind: one of :data:`KINDS`.
        :param fields: ``name`` and ``text``.
        """
        channel, registry = self._core.channel(project_id, uuid), self._core.registry
        mailing = Mailing(
            id=registry.next_id("mailings"),
            project_id=project_id,
            channel_uuid=channel.uuid,
            kind=_known(kind),
            name=read.text(fields, "name"),
            text=read.text(fields, "text"),
        )
        registry.add(mailing)
        return _show(mailing)

    @changing
    def send(self, project_id: int, uuid: str, kind: str, mailing_id: int) -> dict[str, Any]:
        """Send a mailing to all users of its channel: one that was sent before, once more.

        :param project_id: the channel's project.
        :param uuid: the channel's uuid.
        :param kind: one of :data:`KINDS`.
        :param mailing_id: the mailing.
        """
        channel = self._core.channel(project_id, uuid)
        mailing = self._find(project_id, uuid, kind, mailing_id)
        if not channel.active:
            raise SandboxError(422, "Канал не активен")
        mailing.status = "sending"
        for user in self._core.registry.users_of[channel.uuid]:
            mailing.sent_to.append(self._messages.deliver(channel, user, mailing.text).id)
        after = self._core.options.delivered_after
        mailing.ends_at = None if after is None else self._core.clock.now() + after
        self._plan(mailing)
        return _show(mailing)

    @changing
    def stop(self, project_id: int, uuid: str, kind: str, mailing_id: int) -> dict[str, Any]:
        """Stop a mailing.

        :param project_id: the channel's project.
        :param uuid: the channel's uuid.
        :param kind: one of :data:`KINDS`.
        :param mailing_id: the mailing.
        """
        mailing = self._find(project_id, uuid, kind, mailing_id)
        mailing.status, mailing.ends_at = "stopped", None
        return _show(mailing)

    @reading
    def stats(self, project_id: int, uuid: str, kind: str, mailing_id: int) -> dict[str, int]:
        """Count what has become of a mailing's messages.

        :param project_id: the channel's project.
        :param uuid: the channel's uuid.
        :param kind: one of :data:`KINDS`.
        :param mailing_id: the mailing.
        """
        messages = self._sent(self._find(project_id, uuid, kind, mailing_id))
        counts = Counter(message.status for message in messages)
        read_, delivered = counts["read"], counts["delivered"] + counts["read"]
        return {"total": len(messages), "sent": len(messages), "delivered": delivered, "read": read_}

    @reading
    def export(self, project_id: int, uuid: str, kind: str, mailing_id: int) -> list[tuple[str, str]]:
        """Return the phone and the status of each of a mailing's messages.

        :param project_id: the channel's project.
        :param uuid: the channel's uuid.
        :param kind: one of :data:`KINDS`.
        :param mailing_id: the mailing.
        """
        users = self._core.registry.users
        messages = self._sent(self._find(project_id, uuid, kind, mailing_id))
        return [(users[message.user_id].phone, message.status) for message in messages]

    def resume(self) -> None:
        """Plan again what the stored mailings wait for."""
        for mailing in self._core.registry.mailings.values():
            self._plan(mailing)

    def _find(self, project_id: int, uuid: str, kind: str, mailing_id: int) -> Mailing:
        channel = self._core.channel(project_id, uuid)
        mailing = self._core.registry.mailings.get(mailing_id)
        if mailing is None or (mailing.channel_uuid, mailing.kind) != (channel.uuid, _known(kind)):
            raise not_found("Рассылка")
        return mailing

    def _sent(self, mailing: Mailing) -> list[Message]:
        return [self._core.registry.messages[number] for number in mailing.sent_to]

    def _plan(self, mailing: Mailing) -> None:
        if mailing.ends_at is not None:
            self._core.at(mailing.ends_at, partial(self._end, mailing, mailing.ends_at))

    def _end(self, mailing: Mailing, due: float) -> None:
        # A stop, or another start, in the meantime has called the plan off.
        if mailing.ends_at == due:
            mailing.status, mailing.ends_at = "finished", None


def _known(kind: str) -> str:
    if kind not in KINDS:
        raise not_imitated()
    return kind


def _show(mailing: Mailing) -> dict[str, Any]:
    return {"id": mailing.id, "name": mailing.name, "status": mailing.status, "text": mailing.text}
