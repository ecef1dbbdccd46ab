"""Approvers who are users of Flask AppBuilder's auth manager, as most Airflows have it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

pytest.importorskip("airflow.providers.fab.auth_manager.models", reason="needs apache-airflow-providers-fab")

from airflow.api_fastapi import app as api_app
from airflow.providers.fab.auth_manager.fab_auth_manager import FabAuthManager
from airflow.providers.fab.auth_manager.models import Action, Permission, Resource, Role, User
from airflow.settings import engine
from airflow.utils.session import create_session
from sqlalchemy import delete

from airflow_provider_wahelp.receiver.airflow_users import find_user, may_decide
from tests.receiver import test_approvals
from tests.receiver.test_approvals import ANNA, BORIS, NOTHING, Asked, asked, rig, running

__all__ = ["asked", "rig", "running"]  # fixtures

RIGHTS = (("can_edit", "DAG:prices"), ("can_edit", "HITL Detail"))


@pytest.fixture(autouse=True)
def _fab(monkeypatch: pytest.MonkeyPatch, database: None) -> Iterator[None]:
    from cryptography.fernet import Fernet

    monkeypatch.setenv("AIRFLOW__CORE__FERNET_KEY", Fernet.generate_key().decode())
    state = getattr(api_app, "_AuthManagerState", None)
    target, name = (state, "instance") if state else (api_app, "auth_manager")
    monkeypatch.setattr(target, name, FabAuthManager())
    User.metadata.create_all(engine)
    yield
    with create_session() as session:
        for user in session.query(User):
            user.roles = []
        for role in session.query(Role):
            role.permissions = []
        session.flush()
        for table in (User, Role, Permission, Action, Resource):
            session.execute(delete(table))


def _add(name: str, rights: Sequence[tuple[str, str]] = RIGHTS, **fields: Any) -> None:
    with create_session() as session:
        permissions = [
            _one(
                session,
                Permission,
                action=_one(session, Action, name=action),
                resource=_one(session, Resource, name=resource),
            )
            for action, resource in rights
        ]
        known = {"first_name": name, "last_name": name, "email": f"{name}@example.com", "active": True}
        role = Role(name=f"of {name}", permissions=permissions)
        session.add(User(username=name, roles=[role], **{**known, **fields}))


def _one(session: Any, model: Any, **fields: Any) -> Any:
    """Return the row with these fields; it is added if there is none."""
    found = session.query(model).filter_by(**fields).one_or_none()
    if found is None:
        found = model(**fields)
        session.add(found)
        session.flush()
    return found


def test_an_approver_decides_as_their_user_and_is_told_again_what_was_decided(asked: Asked) -> None:
    _add("anna")
    asked.ask()
    written = asked.rig.sandbox.receive(ANNA, "1", asked.rig.channel)
    asked.tell(written)
    options, user_id = asked.decision
    assert options == ["Approve"]
    assert user_id.isdecimal()
    asked.tell(written)
    assert asked.rig.texts(ANNA)[2:] == ["Done: Approve"]


@pytest.mark.parametrize("rights", [(), RIGHTS[:1], RIGHTS[1:], (("can_edit", "DAG:other"), RIGHTS[1])])
def test_a_user_without_the_rights_to_the_dag_decides_nothing(asked: Asked, rights: Any) -> None:
    _add("anna", rights)
    asked.ask()
    asked.reply(ANNA, "1")
    assert asked.decision == NOTHING
    assert "may not decide" in asked.rig.texts(ANNA)[-1]


def test_nobody_is_found_who_was_deactivated_or_is_written_otherwise(database: None) -> None:
    _add("anna", active=False)
    _add("boris")
    assert find_user("anna") is None
    assert find_user("Boris") is None
    assert find_user("viktor") is None
    assert may_decide(find_user("boris"), "prices")


def test_who_is_late_is_told_so(asked: Asked) -> None:
    _add("anna")
    _add("boris")
    asked.ask()
    asked.reply(ANNA, "1")
    asked.reply(BORIS, "2")
    assert asked.decision[0] == ["Approve"]
    assert "Too late" in asked.rig.texts(BORIS)[-1]
    assert test_approvals.APPROVERS[BORIS] == "boris"
