"""Templates of WhatsApp Business: each operation as a call (docs/api.md, 3.8).

Only the operations are known, not what they take and answer. No operation is known that sends a template.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from airflow_provider_wahelp.client import calls
from airflow_provider_wahelp.client.answers import Envelope, Page, read_list, read_object
from airflow_provider_wahelp.client.arguments import IfExists
from airflow_provider_wahelp.client.call import Call, Id
from airflow_provider_wahelp.client.flow import Flow
from airflow_provider_wahelp.client.masking import strings_in
from airflow_provider_wahelp.client.models import Model, column, read_id, read_text
from airflow_provider_wahelp.client.operations import existing, list_all
from airflow_provider_wahelp.client.paths import joined, page_query
from airflow_provider_wahelp.client.platform.people_flows import delete
from airflow_provider_wahelp.client.readers import created
from airflow_provider_wahelp.client.reconcile import created_once, find_new


@dataclass(frozen=True, kw_only=True)
class Template(Model):
    """A template of WhatsApp Business. What its fields are called is a guess; all others are in ``extra``."""

    id: int | str | None = column(read_id)
    name: str | None = column(read_text)
    language: str | None = column(read_text)
    category: str | None = column(read_text)
    status: str | None = column(read_text)


def list_templates(project_id: Id, channel_uuid: str, page: int = 1) -> Call[Page[Template]]:
    """List the templates of a channel."""
    return Call(
        "GET",
        _path(project_id, channel_uuid),
        f"list the templates of channel {channel_uuid}",
        read_list(Template),
        params=page_query(page),
        project_id=project_id,
    )


def create_template(
    project_id: Id, channel_uuid: str, name: str, fields: Mapping[str, Any]
) -> Call[Template]:
    """Create a template, which WhatsApp has to approve."""
    return Call(
        "POST",
        _path(project_id, channel_uuid),
        f"create a template in channel {channel_uuid}",
        created(Template, "id"),
        json={"name": name, **fields},
        private=list(strings_in(fields)),
        project_id=project_id,
        repeatable=False,
    )


def get_template(project_id: Id, channel_uuid: str, template_id: Id) -> Call[Template]:
    """Read one template."""
    return Call(
        "GET",
        _path(project_id, channel_uuid, template_id),
        f"read template {template_id} of channel {channel_uuid}",
        read_object(Template),
        project_id=project_id,
    )


def delete_template(project_id: Id, channel_uuid: str, template_id: Id) -> Call[None]:
    """Delete a template."""
    return Call(
        "DELETE",
        _path(project_id, channel_uuid, template_id),
        f"delete template {template_id} of channel {channel_uuid}",
        lambda _: None,
        project_id=project_id,
    )


def import_templates(project_id: Id, channel_uuid: str) -> Call[Any]:
    """Import the templates that WhatsApp has."""
    return Call(
        "POST",
        _path(project_id, channel_uuid, "import"),
        f"import the templates of channel {channel_uuid}",
        _as_it_came,
        project_id=project_id,
        repeatable=False,
    )


def ensure_template(
    project_id: Id, channel_uuid: str, name: str, fields: Mapping[str, Any], if_exists: IfExists = "reuse"
) -> Flow[Template]:
    """Create a template, or take the one of the same name and language.

    :param if_exists: what to do with one of the same name and language.
    """
    page_of = partial(list_templates, project_id, channel_uuid)
    language = fields.get("language")

    def is_wanted(template: Template) -> bool:
        return template.name == name and language in (None, template.language)

    def listed() -> Flow[list[Template] | None]:
        return (yield from list_all(page_of, is_wanted, paged=True))

    call = create_template(project_id, channel_uuid, name, fields)
    there = yield from listed()
    if there and if_exists != "create":
        return existing(there[0], if_exists, call.what)
    find = find_new("the template was created", listed, there or [])
    return (yield from created_once(call, find))


def remove_template(project_id: Id, channel_uuid: str, template_id: Id) -> Flow[bool]:
    """Delete a template; return whether there was one."""
    look = get_template(project_id, channel_uuid, template_id)
    around = calls.get_channel(project_id, channel_uuid)
    return delete(delete_template(project_id, channel_uuid, template_id), look, around)


def _path(project_id: Id, channel_uuid: str, *parts: Id) -> str:
    return joined("projects", project_id, "channels", channel_uuid, "waba_templates", *parts)


def _as_it_came(envelope: Envelope) -> Any:
    return envelope.data
