"""The tables and their indexes. Every lookup takes the same time, however much is stored."""

from __future__ import annotations

from bisect import insort
from collections import Counter, OrderedDict, defaultdict
from dataclasses import fields
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeAlias

from airflow_provider_wahelp.sandbox.state.records import (
    Channel,
    Contact,
    Mailing,
    Message,
    Project,
    Template,
    User,
    Webhook,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Record: TypeAlias = Project | Channel | Contact | User | Message | Webhook | Mailing | Template

_FIRST_IDS = {
    "projects": 101,
    "channels": 201,
    "users": 301,
    "messages": 401,
    "contacts": 501,
    "mailings": 601,
    "templates": 701,
}
# A row comes after the rows that it refers to.
_TABLES: tuple[tuple[str, type[Record]], ...] = (
    ("projects", Project),
    ("channels", Channel),
    ("contacts", Contact),
    ("users", User),
    ("messages", Message),
    ("webhooks", Webhook),
    ("mailings", Mailing),
    ("templates", Template),
)


class Registry:
    """Everything that a restart has to bring back."""

    def __init__(self) -> None:
        self.projects: dict[int, Project] = {}
        self.channels: dict[str, Channel] = {}
        self.contacts: dict[int, Contact] = {}
        self.users: dict[int, User] = {}
        self.messages: dict[int, Message] = {}
        self.webhooks: dict[str, Webhook] = {}
        self.mailings: dict[int, Mailing] = {}
        self.templates: dict[int, Template] = {}
        self.tokens: dict[str, float] = {}
        self.messengers: dict[str, bool] = {}

        self.channels_of: defaultdict[int, list[Channel]] = defaultdict(list)
        self.webhooks_of: defaultdict[int, dict[str, Webhook]] = defaultdict(dict)
        self.users_of: defaultdict[str, list[User]] = defaultdict(list)
        self.history_of: defaultdict[str, list[Message]] = defaultdict(list)
        self.users_of_contact: defaultdict[int, list[User]] = defaultdict(list)
        self.sent_through: Counter[str] = Counter()
        self.last_message_of: dict[int, Message] = {}
        self.conversations: OrderedDict[str, list[Message]] = OrderedDict()
        self._contact_by_phone: dict[tuple[int, str], Contact] = {}
        self._user_by_phone: dict[tuple[str, str], User] = {}

    def next_id(self, table: str) -> int:
        """Return the id of the next row; nothing that has a number is ever removed.

        :param table: the name of the table.
        """
        return _FIRST_IDS[table] + len(getattr(self, table))

    def contact_by_phone(self, project_id: int, phone: str) -> Contact | None:
        """Find a person of a project.

        :param project_id: the project.
        :param phone: the digits of the phone.
        """
        return self._contact_by_phone.get((project_id, phone))

    def user_by_phone(self, channel_uuid: str, phone: str) -> User | None:
        """Find a person in a channel: the first of those with this phone.

        :param channel_uuid: the channel.
        :param phone: the digits of the phone.
        """
        return self._user_by_phone.get((channel_uuid, phone))

    def add(self, record: Record) -> None:
        """Store a new row and index it.

        :param record: the row; the rows that it refers to are stored already.
        """
        match record:
            case Project():
                self.projects[record.id] = record
            case Channel():
                self.channels[record.uuid] = record
                if not record.removed:
                    self.channels_of[record.project_id].append(record)
            case Contact():
                self.contacts[record.id] = record
                self._contact_by_phone[record.project_id, record.phone] = record
            case User():
                self._add_user(record)
            case Message():
                self._add_message(record)
            case Mailing():
                self.mailings[record.id] = record
            case Template():
                self.templates[record.id] = record
            case Webhook():
                self.webhooks[record.uuid] = record
                self.webhooks_of[record.project_id][record.uuid] = record

    def _add_user(self, user: User) -> None:
        self.users[user.id] = user
        self.conversations.setdefault(user.phone, [])
        if user.removed:
            return
        self.users_of[user.channel_uuid].append(user)
        self.users_of_contact[user.contact_id].append(user)
        self._user_by_phone.setdefault((user.channel_uuid, user.phone), user)

    def _add_message(self, message: Message) -> None:
        self.messages[message.id] = message
        if message.appears_at is None:
            self.show(message)
        self.sent_through[message.channel_uuid] += message.destination == "from_operator"
        self.last_message_of[message.user_id] = message
        phone = self.users[message.user_id].phone
        self.conversations[phone].append(message)
        self.conversations.move_to_end(phone)

    def show(self, message: Message) -> None:
        """Put a message into the history of its channel.

        :param message: a stored one that is not there yet.
        """
        insort(self.history_of[message.channel_uuid], message, key=attrgetter("id"))

    def remove_webhook(self, webhook: Webhook) -> None:
        """Remove an address.

        :param webhook: a stored one.
        """
        del self.webhooks[webhook.uuid], self.webhooks_of[webhook.project_id][webhook.uuid]

    def remove_user(self, user: User) -> None:
        """Remove a user from everything but the messages.

        :param user: a stored one.
        """
        user.removed = True
        self.users_of[user.channel_uuid].remove(user)
        self.users_of_contact[user.contact_id].remove(user)
        del self._user_by_phone[user.channel_uuid, user.phone]
        for other in self.users_of_contact[user.contact_id]:
            self._user_by_phone.setdefault((other.channel_uuid, other.phone), other)

    def remove_channel(self, channel: Channel) -> None:
        """Remove a channel; its messages stay on the phones.

        :param channel: a stored one.
        """
        channel.removed, channel.active, channel.activates_at = True, False, None
        self.channels_of[channel.project_id].remove(channel)

    def receivers(self, project_id: int, entity: str) -> Iterator[str]:
        """Yield the addresses that want events about an entity.

        :param project_id: the project in which something happened.
        :param entity: what it happened to, such as ``channel.message``.
        """
        hook = self.projects[project_id].hook
        if hook:
            yield hook
        for webhook in self.webhooks_of[project_id].values():
            if not webhook.entities or entity in webhook.entities:
                yield webhook.url

    def dump(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        tables = {name: _rows(kind, getattr(self, name).values()) for name, kind in _TABLES}
        return {**tables, "tokens": dict(self.tokens), "messengers": dict(self.messengers)}

    @classmethod
    def load(cls, dumped: dict[str, Any]) -> Registry:
        """Rebuild a registry.

        :param dumped: what :meth:`dump` returned.
        """
        registry = cls()
        for name, kind in _TABLES:
            for row in dumped[name]:
                registry.add(kind(**row))
        registry.tokens = dict(dumped["tokens"])
        registry.messengers = dict(dumped["messengers"])
        return registry


def _rows(kind: type[Record], records: Iterable[Record]) -> list[dict[str, Any]]:
    names = [field.name for field in fields(kind)]
    return [{name: getattr(record, name) for name in names} for record in records]
