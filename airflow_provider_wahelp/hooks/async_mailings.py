"""The asynchronous hook's calls of the mailings that Wahelp itself sends."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING, Any

from airflow_provider_wahelp.client import arguments
from airflow_provider_wahelp.client.platform.arguments import MailingKind
from airflow_provider_wahelp.client.platform.mailings import MailingPlace, PlatformMailing, link_in
from airflow_provider_wahelp.failures import airflow_errors
from airflow_provider_wahelp.hooks.bound_operations import BoundOperations, result_of
from airflow_provider_wahelp.hooks.event_loop import EventLoopHook
from airflow_provider_wahelp.storage.uploads import Uploads

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import ObjectStoragePath


class AsyncMailingHook(EventLoopHook):
    """The asynchronous twin of :class:`~airflow_provider_wahelp.hooks.mailings.MailingHook`."""

    def list_platform_mailings(
        self,
        kind: MailingKind = "whatsapp",
        channel_uuid: str | None = None,
        project_id: int | str | None = None,
    ) -> AsyncIterator[PlatformMailing]:
        """Yield the mailings of a kind."""
        return self._each(
            lambda does: does.list_platform_mailings(kind, channel_uuid, project_id), paged=True
        )

    async def get_platform_mailing(
        self,
        mailing_id: int | str,
        kind: MailingKind = "whatsapp",
        channel_uuid: str | None = None,
        project_id: int | str | None = None,
    ) -> PlatformMailing:
        """Find a mailing in the list: no operation is known that reads one."""
        return await self._do(
            lambda does: does.get_platform_mailing(mailing_id, kind, channel_uuid, project_id)
        )

    async def create_platform_mailing(
        self,
        name: str,
        fields: Mapping[str, Any] | None = None,
        kind: MailingKind = "whatsapp",
        channel_uuid: str | None = None,
        project_id: int | str | None = None,
        files: Uploads | None = None,
        if_exists: arguments.IfExists = "reuse",
    ) -> PlatformMailing:
        """Create a mailing, or take the one of the same name. Nobody gets it before it is started."""
        place = await self.mailing_place(kind, channel_uuid, project_id)
        return await self._do(
            lambda does: does.create_platform_mailing(name, fields, files, if_exists, place)
        )

    async def test_platform_mailing(
        self,
        fields: Mapping[str, Any],
        kind: MailingKind = "waba",
        channel_uuid: str | None = None,
        project_id: int | str | None = None,
    ) -> Any:
        """Send a mailing to somebody who is to look at it first, and return what the API answers."""
        place = await self.mailing_place(kind, channel_uuid, project_id)
        return await self._do(lambda does: does.test_platform_mailing(fields, place))

    async def start_platform_mailing(
        self,
        mailing_id: int | str,
        kind: MailingKind = "whatsapp",
        channel_uuid: str | None = None,
        project_id: int | str | None = None,
        *,
        is_repeated: bool = False,
    ) -> tuple[PlatformMailing, bool]:
        """Start a mailing, unless it was started before: its state is read first, and after a lost answer."""
        place = await self.mailing_place(kind, channel_uuid, project_id)
        return await self._do(lambda does: does.start_platform_mailing(mailing_id, is_repeated, place))

    async def stop_platform_mailing(
        self,
        mailing_id: int | str,
        name: str,
        kind: MailingKind = "whatsapp",
        channel_uuid: str | None = None,
        project_id: int | str | None = None,
    ) -> PlatformMailing:
        """Stop a mailing, which clears its queue for good; one that has ended stays as it is."""
        place = await self.mailing_place(kind, channel_uuid, project_id)
        return await self._do(lambda does: does.stop_platform_mailing(mailing_id, name, place))

    async def get_platform_mailing_stats(
        self,
        mailing_id: int | str,
        kind: MailingKind = "whatsapp",
        channel_uuid: str | None = None,
        project_id: int | str | None = None,
    ) -> Any:
        """Read the numbers of a mailing, as they come."""
        place = await self.mailing_place(kind, channel_uuid, project_id)
        return await self._do(lambda does: does.get_platform_mailing_stats(mailing_id, place))

    async def export_platform_mailing(
        self,
        mailing_id: int | str,
        output_path: str | ObjectStoragePath,
        kind: MailingKind = "whatsapp",
        channel_uuid: str | None = None,
        project_id: int | str | None = None,
    ) -> dict[str, Any]:
        """Write what has become of a mailing's messages to object storage."""
        place = await self.mailing_place(kind, channel_uuid, project_id)
        answer = await self._do(lambda does: does.export_platform_mailing(mailing_id, output_path, place))
        if link := link_in(answer):
            return await self.download(link, output_path)
        exported: dict[str, Any] = result_of(answer, output_path)
        return exported

    async def mailing_place(
        self, kind: MailingKind, channel_uuid: str | None = None, project_id: int | str | None = None
    ) -> MailingPlace:
        """Return where the mailings of a kind are, for :meth:`run`."""
        with airflow_errors():
            operations = BoundOperations(await self._read_connection())
            return operations.mailing_place(kind, channel_uuid, project_id)
