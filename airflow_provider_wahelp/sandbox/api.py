"""The platform's operations under ``/api/app``."""
# Without postponed annotations: FastAPI reads them while the routes are declared.

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from airflow_provider_wahelp.sandbox.bodies import answer, read_fields
from airflow_provider_wahelp.sandbox.errors import not_found
from airflow_provider_wahelp.sandbox.state import State

router = APIRouter(prefix="/api/app")


async def current_state(request: Request) -> State:
    """Return the state that this application serves.

    :param request: any request.
    """
    state: State = request.app.state.wahelp
    return state


async def authorized_state(request: Request) -> State:
    """Return the state, unless the request's token is dead.

    :param request: any request.
    """
    state = await current_state(request)
    state.account.check(bearer(request))
    return state


def bearer(request: Request) -> str:
    """Return the token that a request came with, or an empty text.

    :param request: any request.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


Open = Annotated[State, Depends(current_state)]
Authorized = Annotated[State, Depends(authorized_state)]

_CHANNEL = "/projects/{project_id:int}/channels/{uuid}"
_WEBHOOKS = "/projects/{project_id:int}/webhooks"


@router.post("/user/login")
async def log_in(state: Open, request: Request) -> Response:
    """Exchange login and password for a token."""
    return answer(state.account.log_in(await read_fields(request)))


@router.get("/user/refresh-token")
async def refresh_token(state: Authorized, request: Request) -> Response:
    """Exchange a token for a new one."""
    return answer(state.account.refresh(bearer(request)))


@router.get("/user")
async def account(state: Authorized) -> Response:
    """Show the account."""
    return answer(state.account.show())


@router.get("/projects")
async def projects(state: Authorized) -> Response:
    """List projects."""
    return answer(state.channels.projects())


@router.post("/projects")
async def create_project(state: Authorized, request: Request) -> Response:
    """Create a project."""
    return answer(state.channels.create_project(await read_fields(request)))


@router.get("/projects/{project_id:int}/channels")
async def channels(state: Authorized, project_id: int) -> Response:
    """List channels."""
    return answer(state.channels.channels(project_id))


@router.post("/projects/{project_id:int}/channels")
async def create_channel(state: Authorized, project_id: int, request: Request) -> Response:
    """Create a channel."""
    return answer(state.channels.create(project_id, await read_fields(request)))


@router.get(_CHANNEL)
async def channel(state: Authorized, project_id: int, uuid: str) -> Response:
    """Show a channel."""
    return answer(state.channels.get(project_id, uuid))


@router.get(_CHANNEL + "/status")
async def channel_status(state: Authorized, project_id: int, uuid: str) -> Response:
    """Show the state of a channel."""
    return answer(state.channels.status(project_id, uuid))


@router.get(_CHANNEL + "/settings/whatsapp/qr")
async def qr(state: Authorized, project_id: int, uuid: str) -> Response:
    """Show the code that a phone has to scan."""
    return answer(state.channels.qr(project_id, uuid))


@router.get(_CHANNEL + "/users")
async def users(state: Authorized, project_id: int, uuid: str, request: Request) -> Response:
    """List users."""
    page, has_more = state.people.users(project_id, uuid, request.query_params)
    return answer(page, has_more=has_more)


@router.post(_CHANNEL + "/users")
async def add_user(state: Authorized, project_id: int, uuid: str, request: Request) -> Response:
    """Add a user."""
    return answer(state.people.add(project_id, uuid, await read_fields(request)))


@router.get(_CHANNEL + "/users/{user_id:int}")
async def user(state: Authorized, project_id: int, uuid: str, user_id: int) -> Response:
    """Show a user."""
    return answer(state.people.get(project_id, uuid, user_id))


@router.post("/projects/{project_id:int}/contacts/contact_by_phone")
async def contact_by_phone(state: Authorized, project_id: int, request: Request) -> Response:
    """Find or create a contact."""
    return answer(state.people.contact_by_phone(project_id, await read_fields(request)))


@router.get(_CHANNEL + "/messages")
async def messages(state: Authorized, project_id: int, uuid: str, request: Request) -> Response:
    """List messages."""
    return answer(state.messages.history(project_id, uuid, request.query_params))


@router.get(_CHANNEL + "/messages/{message_id:int}")
async def message(state: Authorized, project_id: int, uuid: str, message_id: int) -> Response:
    """Show a message."""
    return answer(state.messages.get(project_id, uuid, message_id))


@router.post(_CHANNEL + "/send_message/{user_id:int}")
async def send_message(
    state: Authorized, project_id: int, uuid: str, user_id: int, request: Request
) -> Response:
    """Send a message."""
    return answer(state.messages.send(project_id, uuid, user_id, await read_fields(request)))


@router.put("/projects/{project_id:int}/hook")
async def set_hook(state: Authorized, project_id: int, request: Request) -> Response:
    """Set the project's hook."""
    return answer(state.hooks.set_hook(project_id, await read_fields(request)))


@router.get(_WEBHOOKS)
async def webhooks(state: Authorized, project_id: int) -> Response:
    """List webhooks."""
    return answer(state.hooks.webhooks(project_id))


@router.post(_WEBHOOKS)
async def add_webhook(state: Authorized, project_id: int, request: Request) -> Response:
    """Add a webhook."""
    return answer(state.hooks.add(project_id, await read_fields(request)))


@router.put(_WEBHOOKS + "/{uuid}")
async def change_webhook(state: Authorized, project_id: int, uuid: str, request: Request) -> Response:
    """Change a webhook."""
    return answer(state.hooks.change(project_id, uuid, await read_fields(request)))


@router.delete(_WEBHOOKS + "/{uuid}")
async def remove_webhook(state: Authorized, project_id: int, uuid: str) -> Response:
    """Remove a webhook."""
    state.hooks.remove(project_id, uuid)
    return answer([])


@router.api_route("/{operation:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
async def not_imitated(_state: Authorized, operation: str) -> Response:
    """Refuse whatever else the platform can do."""
    raise not_found("Операция")
