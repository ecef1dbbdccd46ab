"""The operations of the platform's own mailings, with arguments checked and defaults filled in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from string import Formatter
from typing import TYPE_CHECKING, Any

from airflow_provider_wahelp.client import arguments
from airflow_provider_wahelp.client.answers import Page
from airflow_provider_wahelp.client.call import Call
from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.client.flow import Flow, once
from airflow_provider_wahelp.client.generic import Response
from airflow_provider_wahelp.client.platform import arguments as platform
from airflow_provider_wahelp.client.platform import mailing_flows, mailings
from airflow_provider_wahelp.client.platform.mailings import MailingPlace, PlatformMailing
from airflow_provider_wahelp.hooks.bound import Bound
from airflow_provider_wahelp.storage.files import private_bytes
from airflow_provider_wahelp.storage.uploads import Uploads, file_parts

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import ObjectStoragePath

_NAMES = {"project_id", "channel_uuid", "kind"}


class BoundMailings(Bound):
    """The platform's own mailings."""

    def mailing_place(self, kind: Any, channel_uuid: Any, project_id: Any) -> MailingPlace:
        """Return where the mailings of a kind are."""
        from airflow.providers.common.compat.sdk import conf

        path = conf.get("wahelp", "mailing_path", fallback="") or mailings.PATH
        states = mailings.read_states(conf.get("wahelp", "mailing_states", fallback=""))
        named = _names_in(path)
        project, checked = self._project(project_id), platform.mailing_kind(kind)
        channel = self._channel(channel_uuid) if "channel_uuid" in named else ""
        filled = path.format(project_id=project, channel_uuid=channel, kind=checked)
        return MailingPlace(project, checked, filled.strip("/"), states)

    def list_platform_mailings(
        self, kind: Any, channel_uuid: Any, project_id: Any
    ) -> Callable[[int], Call[Page[PlatformMailing]]]:
        """List mailings."""
        place = self.mailing_place(kind, channel_uuid, project_id)
        return lambda page: mailings.list_mailings(place, page)

    def get_platform_mailing(
        self, mailing_id: Any, kind: Any, channel_uuid: Any, project_id: Any
    ) -> Flow[PlatformMailing]:
        """Find a mailing."""
        place = self.mailing_place(kind, channel_uuid, project_id)
        return mailing_flows.get_mailing(place, platform.mailing_id(mailing_id))

    def create_platform_mailing(
        self, name: str, fields: Any, files: Uploads | None, if_exists: Any, place: MailingPlace
    ) -> Flow[PlatformMailing]:
        """Create a mailing."""
        given = platform.fields(fields)
        return mailing_flows.ensure_mailing(
            place, arguments.name(name), given, file_parts(files), arguments.if_exists(if_exists)
        )

    def test_platform_mailing(self, fields: Mapping[str, Any], place: MailingPlace) -> Flow[Any]:
        """Send a mailing for a test."""
        return once(mailings.try_mailing(place, platform.fields(fields)))

    def start_platform_mailing(
        self, mailing_id: Any, is_repeated: bool, place: MailingPlace
    ) -> Flow[tuple[PlatformMailing, bool]]:
        """Start a mailing."""
        return mailing_flows.start_mailing(place, platform.mailing_id(mailing_id), is_repeated=is_repeated)

    def stop_platform_mailing(self, mailing_id: Any, name: str, place: MailingPlace) -> Flow[PlatformMailing]:
        """Stop a mailing."""
        return mailing_flows.stop_mailing(place, platform.mailing_id(mailing_id), arguments.name(name))

    def get_platform_mailing_stats(self, mailing_id: Any, place: MailingPlace) -> Flow[Any]:
        """Read a mailing's numbers."""
        return once(mailings.mailing_stats(place, platform.mailing_id(mailing_id)))

    def export_platform_mailing(
        self, mailing_id: Any, output_path: str | ObjectStoragePath, place: MailingPlace
    ) -> Flow[Response]:
        """Export a mailing."""
        call = mailings.export_mailing(place, platform.mailing_id(mailing_id))
        return once(replace(call, store=partial(private_bytes, output_path)))


def _names_in(path: str) -> set[str]:
    try:
        named = {name for _, name, _, _ in Formatter().parse(path) if name is not None}
    except ValueError:
        named = {""}
    if not named <= _NAMES:
        raise InputError("[wahelp] mailing_path", f"must be a path like {mailings.PATH}")
    return named
