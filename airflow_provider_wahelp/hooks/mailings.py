"""The blocking hook's calls of the mailings that Wahelp itself sends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from airflow_provider_wahelp.client import arguments
from airflow_provider_wahelp.client.platform.arguments import MailingKind
from airflow_provider_wahelp.client.platform.mailings import MailingPlace, PlatformMailing, link_in
from airflow_provider_wahelp.failures import airflow_errors
from airflow_provider_wahelp.hooks.bound_operations import result_of
from airflow_provider_wahelp.hooks.requests import RequestingHook
from airflow_provider_wahelp.storage.uploads import Uploads

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import ObjectStoragePath


class MailingHook(RequestingHook):
    """A hook that reaches the platform's own mailings.

    Only the operations are known. What they take and answer, and where they lie, is **not confirmed**: see
    ``docs/platform.md`` for what is assumed, and how to change it.
    """

    def list_platform_mailings(
        self,
        kind: MailingKind = "whatsapp",
        channel_uuid: str | None = None,
        project_id: int | str | None = None,
    ) -> Iterator[PlatformMailing]:
        """Yield the mailings of a kind.

        :param kind: ``whatsapp``, ``waba`` (WhatsApp Business) or ``viber_tg_vk``.
        """
        return self._each(
            lambda does: does.list_platform_mailings(kind, channel_uuid, project_id), paged=True
        )

    def get_platform_mailing(
        self,
        mailing_id: int | str,
        kind: MailingKind = "whatsapp",
        channel_uuid: str | None = None,
        project_id: int | str | None = None,
    ) -> PlatformMailing:
        """Find a mailing in the list: no operation is known that reads one.

        :raises NotFoundError: if the list has no such mailing.
        """
        return self._do(lambda does: does.get_platform_mailing(mailing_id, kind, channel_uuid, project_id))

    def create_platform_mailing(
        self,
        name: str,
        fields: Mapping[str, Any] | None = None,
        kind: MailingKind = "whatsapp",
        channel_uuid: str | None = None,
        project_id: int | str | None = None,
        files: Uploads | None = None,
        if_exists: arguments.IfExists = "reuse",
    ) -> PlatformMailing:
        """Create a mailing, or take the one of the same name. Nobody gets it before it is started.

        :param fields: what else the request says, by the API's names, which are not known.
        :param files: as in :meth:`request`; they make the request multipart.
        :param if_exists: with one of the same name: ``reuse`` it, ``create`` another, or ``fail``.
        """
        place = self.mailing_place(kind, channel_uuid, project_id)
        return self._do(lambda does: does.create_platform_mailing(name, fields, files, if_exists, place))

    def test_platform_mailing(
        self,
        fields: Mapping[str, Any],
        kind: MailingKind = "waba",
        channel_uuid: str | None = None,
        project_id: int | str | None = None,
    ) -> Any:
        """Send a mailing to somebody who is to look at it first, and return what the API answers.

        :param fields: what is sent to whom, by the API's names, which are not known.
        """
        place = self.mailing_place(kind, channel_uuid, project_id)
        return self._do(lambda does: does.test_platform_mailing(fields, place))

    def start_platform_mailing(
        self,
        mailing_id: int | str,
        kind: MailingKind = "whatsapp",
        channel_uuid: str | None = None,
        project_id: int | str | None = None,
        *,
        is_repeated: bool = False,
    ) -> tuple[PlatformMailing, bool]:
        """Start a mailing, unless it was started before: its state is read first, and after a lost answer.

        :param is_repeated: whether an earlier attempt may have started it a moment ago: then a draft is
            looked at for as long as a start may be under way (``send_timeout``).
        :return: the mailing, and whether this has started it.
        :raises UnknownOutcomeError: if its state does not say whether it was started.
        """
        place = self.mailing_place(kind, channel_uuid, project_id)
        return self._do(lambda does: does.start_platform_mailing(mailing_id, is_repeated, place))

    def stop_platform_mailing(
        self,
        mailing_id: int | str,
        name: str,
        kind: MailingKind = "whatsapp",
        channel_uuid: str | None = None,
        project_id: int | str | None = None,
    ) -> PlatformMailing:
        """Stop a mailing, which clears its queue for good; one that has ended stays as it is.

        :param name: the mailing's name, so that a mistyped id stops no other one.
        :raises InputError: if the mailing has another name.
        """
        place = self.mailing_place(kind, channel_uuid, project_id)
        return self._do(lambda does: does.stop_platform_mailing(mailing_id, name, place))

    def get_platform_mailing_stats(
        self,
        mailing_id: int | str,
        kind: MailingKind = "whatsapp",
        channel_uuid: str | None = None,
        project_id: int | str | None = None,
    ) -> Any:
        """Read the numbers of a mailing, as they come."""
        place = self.mailing_place(kind, channel_uuid, project_id)
        return self._do(lambda does: does.get_platform_mailing_stats(mailing_id, place))

    def export_platform_mailing(
        self,
        mailing_id: int | str,
        output_path: str | ObjectStoragePath,
        kind: MailingKind = "whatsapp",
        channel_uuid: str | None = None,
        project_id: int | str | None = None,
    ) -> dict[str, Any]:
        """Write what has become of a mailing's messages to object storage.

        :param output_path: gets the file, the file that the answer links to, or the JSON of the answer.
        :return: its ``path``, ``size`` and ``content_type``.
        """
        place = self.mailing_place(kind, channel_uuid, project_id)
        answer = self._do(lambda does: does.export_platform_mailing(mailing_id, output_path, place))
        if link := link_in(answer):
            return self.download(link, output_path)
        exported: dict[str, Any] = result_of(answer, output_path)
        return exported

    def mailing_place(
        self, kind: MailingKind, channel_uuid: str | None = None, project_id: int | str | None = None
    ) -> MailingPlace:
        """Return where the mailings of a kind are, for :meth:`run`."""
        with airflow_errors():
            return self._operations.mailing_place(kind, channel_uuid, project_id)
