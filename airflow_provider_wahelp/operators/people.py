"""Changing what there is: removing a user, blocking a contact, importing contacts, taking back a message."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_wahelp.client import arguments, phones
from airflow_provider_wahelp.client.masking import mask_phone
from airflow_provider_wahelp.client.platform.arguments import contact_id, one_given
from airflow_provider_wahelp.literals import is_literal
from airflow_provider_wahelp.operators.base import WahelpOperator
from airflow_provider_wahelp.task import optional, required

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context


class DeleteUserOperator(WahelpOperator):
    """Remove a person from a channel. A person who is not there is no error: a retry is safe.

    That they are gone is looked at: where Wahelp cannot delete, the task fails. What else Wahelp then forgets
    of them, such as their messages and the contact, is **not confirmed**.

    :param user_id: the person, as a user of the channel; or
    :param phone: their number with its country code, e.g. ``+71234567890``.
    :param channel_uuid: the channel; the connection's by default.
    :param project_id: the project; the connection's by default.
    :param default_region: the country of a phone without a country code, e.g. ``"RU"``; the connection's by
        default.
    :return: ``{"deleted": True}``, or ``False`` if there was nobody.
    """

    outputs = ()
    checks = WahelpOperator.checks | {
        "user_id": optional(arguments.user_id),
        "phone": optional(phones.check),
        "default_region": optional(phones.check_region),
        "channel_uuid": optional(arguments.channel_uuid),
        "project_id": optional(arguments.project_id),
    }
    template_fields: Sequence[str] = tuple(checks)

    def __init__(
        self,
        *,
        user_id: int | str | None = None,
        phone: str | None = None,
        channel_uuid: str | None = None,
        project_id: int | str | None = None,
        default_region: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.user_id = user_id
        self.phone = phone
        self.channel_uuid = channel_uuid
        self.project_id = project_id
        self.default_region = default_region
        self._check_arguments()

    def execute(self, context: Context) -> dict[str, Any]:
        """Remove the person."""
        deleted = self.hook.delete_user(self.user_id, self.phone, self.channel_uuid, self.project_id)
        who = mask_phone(self.phone) if self.phone else self.user_id
        self.log.info("User %s: %s", who, "deleted" if deleted else "there was none")
        return {"deleted": deleted}

    def _check_together(self) -> None:
        if all(given is None or is_literal(given) for given in (self.user_id, self.phone)):
            arguments.recipient(self.user_id, self.phone)


class BlockContactOperator(WahelpOperator):
    """Block a person in all channels of a project; twice is the same as once.

    :param contact_id: the contact (a user's ``contact_id``); or
    :param phone: their number with its country code, e.g. ``+71234567890``.
    :param project_id: the project; the connection's by default.
    :param default_region: the country of a phone without a country code, e.g. ``"RU"``; the connection's by
        default.
    :return: the contact's ``id``, and whether it is ``blocked``.
    """

    checks = WahelpOperator.checks | {
        "contact_id": optional(contact_id),
        "phone": optional(phones.check),
        "default_region": optional(phones.check_region),
        "project_id": optional(arguments.project_id),
    }
    template_fields: Sequence[str] = tuple(checks)

    def __init__(
        self,
        *,
        contact_id: int | str | None = None,
        phone: str | None = None,
        project_id: int | str | None = None,
        default_region: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.contact_id = contact_id
        self.phone = phone
        self.project_id = project_id
        self.default_region = default_region
        self._check_arguments()

    def execute(self, context: Context) -> dict[str, Any]:
        """Block the person."""
        number = self.hook.block_contact(self.contact_id, self.phone, self.project_id)
        self.log.info("Contact %s: blocked", number)
        return self._result(context, {"id": number, "blocked": True})

    def _check_together(self) -> None:
        if all(given is None or is_literal(given) for given in (self.contact_id, self.phone)):
            one_given(contact_id=self.contact_id, phone=self.phone)


class UnblockContactOperator(BlockContactOperator):
    """Undo :class:`BlockContactOperator`, with the same arguments.

    Wahelp's list has no such operation: its path is a guess.
    """

    def execute(self, context: Context) -> dict[str, Any]:
        """Unblock the person."""
        number = self.hook.unblock_contact(self.contact_id, self.phone, self.project_id)
        self.log.info("Contact %s: unblocked", number)
        return self._result(context, {"id": number, "blocked": False})


class _ChannelOperator(WahelpOperator):
    """An operator whose result has no id, for something in a channel."""

    outputs = ()
    checks = WahelpOperator.checks | {
        "channel_uuid": optional(arguments.channel_uuid),
        "project_id": optional(arguments.project_id),
    }

    def __init__(
        self, *, channel_uuid: str | None = None, project_id: int | str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.channel_uuid = channel_uuid
        self.project_id = project_id
        self._check_arguments()


class ImportContactsOperator(_ChannelOperator):
    """Import the contacts of a channel's WhatsApp.

    :param channel_uuid: the channel; the connection's by default.
    :param project_id: the project; the connection's by default.
    :return: the numbers that the API answers; what else it may tell of people is no XCom.
    """

    template_fields: Sequence[str] = tuple(_ChannelOperator.checks)

    def execute(self, context: Context) -> dict[str, int | float]:
        """Import the contacts."""
        from airflow_provider_wahelp.client.platform.numbers import numbers_in

        return numbers_in(self.hook.import_contacts(self.channel_uuid, self.project_id))


class DeleteMessageOperator(_ChannelOperator):
    """Delete a message. One that is not there is no error: a retry is safe.

    Whether it vanishes from the person's phone too is **not confirmed**.

    :param message_id: the message, e.g. ``send.output["id"]``.
    :param channel_uuid: the channel; the connection's by default.
    :param project_id: the project; the connection's by default.
    :return: ``{"deleted": True}``, or ``False`` if there was none.
    """

    checks = _ChannelOperator.checks | {"message_id": required(arguments.message_id)}
    template_fields: Sequence[str] = tuple(checks)

    def __init__(self, *, message_id: int | str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.message_id = message_id
        self._check_arguments()

    def execute(self, context: Context) -> dict[str, Any]:
        """Delete the message."""
        deleted = self.hook.delete_message(self.message_id, self.channel_uuid, self.project_id)
        self.log.info("Message %s: %s", self.message_id, "deleted" if deleted else "there was none")
        return {"deleted": deleted}
