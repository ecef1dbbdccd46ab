"""The platform's operations under ``/api/app``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Route

from airflow_provider_wahelp.sandbox.bodies import answer, read_fields

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from airflow_provider_wahelp.sandbox.state import State


def state_of(request: Request) -> State:
    """Return the state that this application serves.

    :param request: any request.
    """
    state: State = request.app.state.wahelp
    return state


def authorized(request: Request) -> State:
    """Return the state, unless the request's token is dead.

    :param request: any request.
    """
    state = state_of(request)
    state.account.check(bearer(request))
    return state


def bearer(request: Request) -> str:
    """Return the token that a request came with, or an empty text.

    :param request: any request.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


async def log_in(request: Request) -> Response:
    """Exchange login and password for a token."""
    return answer(state_of(request).account.log_in(await read_fields(request)))


async def refresh_token(request: Request) -> Response:
    """Exchange a token for a new one."""
    return answer(authorized(request).account.refresh(bearer(request)))


async def account(request: Request) -> Response:
    """Show the account."""
    return answer(authorized(request).account.show())


async def projects(request: Request) -> Response:
    """List projects."""
    return answer(authorized(request).channels.projects())


async def create_project(request: Request) -> Response:
    """Create a project."""
    return answer(authorized(request).channels.create_project(await read_fields(request)))


async def channels(request: Request) -> Response:
    """List channels."""
    return answer(authorized(request).channels.channels(**request.path_params))


async def create_channel(request: Request) -> Response:
    """Create a channel."""
    return answer(
        authorized(request).channels.create(**request.path_params, fields=await read_fields(request))
    )


async def channel(request: Request) -> Response:
    """Show a channel."""
    return answer(authorized(request).channels.get(**request.path_params))


async def channel_status(request: Request) -> Response:
    """Show the state of a channel."""
    return answer(authorized(request).channels.status(**request.path_params))


async def qr(request: Request) -> Response:
    """Show the code that a phone has to scan."""
    return answer(authorized(request).channels.qr(**request.path_params))


async def users(request: Request) -> Response:
    """List users."""
    page, beside = authorized(request).people.users(**request.path_params, query=request.query_params)
    return answer(page, **beside)


async def add_user(request: Request) -> Response:
    """Add a user."""
    return answer(authorized(request).people.add(**request.path_params, fields=await read_fields(request)))


async def user(request: Request) -> Response:
    """Show a user."""
    return answer(authorized(request).people.get(**request.path_params))


async def contact_by_phone(request: Request) -> Response:
    """Find or create a contact."""
    return answer(
        authorized(request).people.contact_by_phone(**request.path_params, fields=await read_fields(request))
    )


async def messages(request: Request) -> Response:
    """List messages."""
    page, beside = authorized(request).messages.history(**request.path_params, query=request.query_params)
    return answer(page, **beside)


async def message(request: Request) -> Response:
    """Show a message."""
    return answer(authorized(request).messages.get(**request.path_params))


async def send_message(request: Request) -> Response:
    """Send a message."""
    fields = await read_fields(request, file="file")
    address = str(request.base_url).partition("/api/")[0].rstrip("/")
    return answer(authorized(request).messages.send(**request.path_params, fields=fields, address=address))


async def set_hook(request: Request) -> Response:
    """Set the project's hook."""
    return answer(
        authorized(request).hooks.set_hook(**request.path_params, fields=await read_fields(request))
    )


async def webhooks(request: Request) -> Response:
    """List webhooks."""
    return answer(authorized(request).hooks.webhooks(**request.path_params))


async def add_webhook(request: Request) -> Response:
    """Add a webhook."""
    return answer(authorized(request).hooks.add(**request.path_params, fields=await read_fields(request)))


async def change_webhook(request: Request) -> Response:
    """Change a webhook."""
    return answer(authorized(request).hooks.change(**request.path_params, fields=await read_fields(request)))


async def remove_webhook(request: Request) -> Response:
    """Remove a webhook."""
    authorized(request).hooks.remove(**request.path_params)
    return answer([])


_CHANNEL = "/projects/{project_id:int}/channels/{uuid}"
_WEBHOOKS = "/projects/{project_id:int}/webhooks"

routes = [
    Route("/user/login", log_in, methods=["POST"]),
    Route("/user/refresh-token", refresh_token, methods=["GET"]),
    Route("/user", account, methods=["GET"]),
    Route("/projects", projects, methods=["GET"]),
    Route("/projects", create_project, methods=["POST"]),
    Route("/projects/{project_id:int}/channels", channels, methods=["GET"]),
    Route("/projects/{project_id:int}/channels", create_channel, methods=["POST"]),
    Route(_CHANNEL, channel, methods=["GET"]),
    Route(_CHANNEL + "/status", channel_status, methods=["GET"]),
    Route(_CHANNEL + "/settings/whatsapp/qr", qr, methods=["GET"]),
    Route(_CHANNEL + "/users", users, methods=["GET"]),
    Route(_CHANNEL + "/users", add_user, methods=["POST"]),
    Route(_CHANNEL + "/users/{user_id:int}", user, methods=["GET"]),
    Route("/projects/{project_id:int}/contacts/contact_by_phone", contact_by_phone, methods=["POST"]),
    Route(_CHANNEL + "/messages", messages, methods=["GET"]),
    Route(_CHANNEL + "/messages/{message_id:int}", message, methods=["GET"]),
    Route(_CHANNEL + "/send_message/{user_id:int}", send_message, methods=["POST"]),
    Route("/projects/{project_id:int}/hook", set_hook, methods=["PUT"]),
    Route(_WEBHOOKS, webhooks, methods=["GET"]),
    Route(_WEBHOOKS, add_webhook, methods=["POST"]),
    Route(_WEBHOOKS + "/{uuid}", change_webhook, methods=["PUT"]),
    Route(_WEBHOOKS + "/{uuid}", remove_webhook, methods=["DELETE"]),
]
