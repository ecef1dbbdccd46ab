"""The operations under ``/api/app`` that change and remove what there is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Route

from airflow_provider_wahelp.sandbox.api import authorized
from airflow_provider_wahelp.sandbox.bodies import answer, read_fields

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


async def edit_message(request: Request) -> Response:
    """Edit a message."""
    state, fields = authorized(request), await read_fields(request)
    return answer(state.changed.edit_message(**request.path_params, fields=fields))


async def delete_message(request: Request) -> Response:
    """Delete a message."""
    authorized(request).changed.delete_message(**request.path_params)
    return answer([])


async def update_user(request: Request) -> Response:
    """Change a user."""
    state, fields = authorized(request), await read_fields(request)
    return answer(state.changed.update_user(**request.path_params, fields=fields))


async def delete_user(request: Request) -> Response:
    """Remove a user."""
    authorized(request).changed.delete_user(**request.path_params)
    return answer([])


async def update_channel(request: Request) -> Response:
    """Change a channel."""
    state, fields = authorized(request), await read_fields(request)
    return answer(state.changed.update_channel(**request.path_params, fields=fields))


async def delete_channel(request: Request) -> Response:
    """Remove a channel."""
    authorized(request).changed.delete_channel(**request.path_params)
    return answer([])


async def block(request: Request) -> Response:
    """Block a contact."""
    return answer(authorized(request).changed.block(**request.path_params, blocked=True))


async def unblock(request: Request) -> Response:
    """Unblock a contact."""
    return answer(authorized(request).changed.block(**request.path_params, blocked=False))


async def import_contacts(request: Request) -> Response:
    """Import contacts."""
    return answer(authorized(request).changed.import_contacts(**request.path_params))


async def lost_messages(request: Request) -> Response:
    """List lost messages."""
    return answer(authorized(request).changed.lost_messages(**request.path_params))


async def cascade(request: Request) -> Response:
    """Show the order of channels."""
    return answer(authorized(request).changed.cascade(**request.path_params))


async def set_cascade(request: Request) -> Response:
    """Set the order of channels."""
    state, fields = authorized(request), await read_fields(request)
    return answer(state.changed.set_cascade(**request.path_params, fields=fields))


async def send_cascade(request: Request) -> Response:
    """Send through the first channel that will do."""
    state, fields = authorized(request), await read_fields(request)
    return answer(state.changed.send_cascade(**request.path_params, fields=fields))


_PROJECT = "/projects/{project_id:int}"
_CHANNEL = _PROJECT + "/channels/{uuid}"
_MESSAGE = _CHANNEL + "/messages/{message_id:int}"
_USER = _CHANNEL + "/users/{user_id:int}"
_CONTACT = _PROJECT + "/contacts/{contact_id:int}"

routes = [
    Route(_MESSAGE, edit_message, methods=["PUT"]),
    Route(_MESSAGE, delete_message, methods=["DELETE"]),
    Route(_USER, update_user, methods=["PUT"]),
    Route(_USER, delete_user, methods=["DELETE"]),
    Route(_CHANNEL, update_channel, methods=["PUT"]),
    Route(_CHANNEL, delete_channel, methods=["DELETE"]),
    Route(_CONTACT + "/block", block, methods=["POST"]),
    Route(_CONTACT + "/unblock", unblock, methods=["POST"]),
    Route(_CHANNEL + "/import_contacts", import_contacts, methods=["POST"]),
    Route(_PROJECT + "/lost_messages", lost_messages, methods=["GET"]),
    Route(_PROJECT + "/config/cascade", cascade, methods=["GET"]),
    Route(_PROJECT + "/config/cascade", set_cascade, methods=["PUT"]),
    Route(_PROJECT + "/send_message_cascade", send_cascade, methods=["POST"]),
]
