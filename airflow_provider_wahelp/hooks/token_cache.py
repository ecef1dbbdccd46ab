"""The store in which the tasks of a host share their token."""

from __future__ import annotations

import logging
from functools import cache
from typing import cast

from airflow.providers.common.compat.sdk import AirflowException

from airflow_provider_wahelp.client.errors import WahelpError
from airflow_provider_wahelp.client.token_store import Cipher, FileStore, TokenStore, process_store, store_key
from airflow_provider_wahelp.hooks.connection import WahelpConnection
from airflow_provider_wahelp.hooks.shared_token import SharedTokenStore
from airflow_provider_wahelp.storage.directory import state_directory
from airflow_provider_wahelp.storage.keys import fernet_key
from airflow_provider_wahelp.storage.state.shared import known_state, shared_state, state_conn_id, warn_once

log = logging.getLogger(__name__)


def token_store(connection: WahelpConnection) -> TokenStore:
    """Return the store that a connection asks for; without a usable directory, the process's own."""
    settings = connection.settings
    if connection.login_scope == "process" or not settings.can_log_in:
        return process_store(settings)
    try:
        cipher, state = _cipher(), known_state()
        if cipher and state:
            return SharedTokenStore(state_directory(), store_key(settings), cipher, state)
        return FileStore(state_directory(), store_key(settings), cipher)
    except (
        OSError,
        AirflowException,
    ) as error:  # an unusable key must not leave a readable token on the disk
        _warn_once(type(error).__name__)
        return process_store(settings)


def look_up_state(connection: WahelpConnection) -> None:
    """Look up the state that several hosts share, before :func:`token_store`. Not for an event loop.

    A state that cannot be used costs each host a login, never the task.
    """
    if connection.login_scope == "process" or not state_conn_id() or not fernet_key():
        return
    try:
        shared_state()
    except WahelpError as error:
        warn_once("each host logs in for itself", str(error))


@cache
def _cipher() -> Cipher | None:
    """Return Airflow's Fernet, where a key is set.

    :raises AirflowException: if the key is invalid.
    """
    if not fernet_key():
        return None
    try:
        from airflow.sdk.crypto import get_fernet
    except ImportError:  # before it moved to the Task SDK
        from airflow.models.crypto import get_fernet
    return cast("Cipher", get_fernet())


@cache
def _warn_once(reason: str) -> None:
    log.warning(
        "The directory for the shared Wahelp token cannot be used (%s), so every task logs in. "
        "Set [wahelp] state_directory to a directory that the worker may write.",
        reason,
    )
