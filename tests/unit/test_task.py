"""The one table of an operator's arguments: for the parse of a DAG, and for the run."""

from __future__ import annotations

import ast
import inspect
import textwrap
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG

from airflow_provider_wahelp import operators, sensors, transfers
from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.operators import SendMessageOperator
from airflow_provider_wahelp.task import WahelpTask, required

KINDS: list[type[WahelpTask]] = [
    kind
    for package in (operators, sensors, transfers)
    for name in package.__all__
    if issubclass(kind := getattr(package, name), WahelpTask)  # not one that asks Airflow alone
]
GIVEN: dict[str, Any] = {
    "AskOperator": {"question": "Will you come?", "user_id": 1},
    "BlockContactOperator": {"phone": "+71234567890"},
    "UnblockContactOperator": {"contact_id": 1},
    "DeleteMessageOperator": {"message_id": 1},
    "DeleteUserOperator": {"user_id": 1},
    "CreateTemplateOperator": {"name": "hello"},
    "CreatePlatformMailingOperator": {"name": "News"},
    "CreateProjectOperator": {"name": "Shop"},
    "CreateChannelOperator": {"name": "Support"},
    "CreateUserOperator": {"name": "Anna", "phone": "+71234567890"},
    "ExportPlatformMailingOperator": {"mailing_id": 7, "output_path": "news.csv"},
    "ReplyReportOperator": {"mailing_report": "mailing.csv"},
    "SendFileOperator": {"file": "report.pdf", "user_id": 1},
    "SendMessageOperator": {"text": "Hello", "user_id": 1},
    "SendMessagesOperator": {"text": "Hello", "recipients": "people.csv"},
    "SetWebhookOperator": {"url": "https://example.com/in"},
    "StartPlatformMailingOperator": {"mailing_id": 7},
    "StopPlatformMailingOperator": {"mailing_id": 7, "name": "News"},
    "MessageStatusSensor": {"message_id": 1},
    "WahelpApiOperator": {"path": "/app/projects"},
    "SqlToWahelpOperator": {"text": "Hello", "sql": "SELECT 1", "sql_conn_id": "shop"},
}
NEEDED = [
    (kind, name)
    for kind in KINDS
    for name, argument in kind.checks.items()
    if not argument.not_given and name in kind.template_fields  # type: ignore[attr-defined]
]


def made(kind: type, /, **given: Any) -> Any:
    return kind(task_id="task", **{**GIVEN.get(kind.__name__, {}), **given})


def constructors(kind: type) -> list[Any]:
    """Return the parsed constructors of a class of ours and of its bases."""
    ours = [each for each in kind.__mro__ if each.__module__.startswith("airflow_provider_wahelp")]
    sources = [inspect.getsource(each.__init__) for each in ours if "__init__" in vars(each)]
    return [ast.parse(textwrap.dedent(source)).body[0] for source in sources]


@pytest.mark.parametrize("kind", KINDS)
def test_each_template_field_is_assigned_from_the_argument_of_its_name(kind: Any) -> None:
    """Airflow asks it of operators: what a constructor computes would be computed from a template."""
    assigned = {
        ast.unparse(line)
        for constructor in constructors(kind)
        for line in constructor.body
        if isinstance(line, ast.Assign)
    }
    assert {f"self.{name} = {name}" for name in kind.template_fields} <= assigned


@pytest.mark.parametrize("kind", KINDS)
def test_each_constructor_checks_what_it_was_given(kind: Any) -> None:
    with pytest.raises(InputError, match=r"^wahelp_conn_id: must be given"):
        made(kind, wahelp_conn_id=None)


@pytest.mark.parametrize(("kind", "name"), NEEDED)
def test_what_is_needed_is_missed_in_the_dag_file_and_in_the_run(kind: Any, name: str) -> None:
    with pytest.raises(InputError, match=rf"^{name}: must be given"):
        made(kind, **{name: None})
    task = made(kind)
    setattr(task, name, None)
    with pytest.raises(InputError, match=rf"^{name}: must be given"):
        task._checked(name)


@pytest.mark.parametrize("nothing", ["", None, [], ()])
def test_a_template_may_leave_out_what_is_optional(nothing: Any) -> None:
    task = made(SendMessageOperator, fallback="{{ params.channels }}")
    task.fallback = nothing
    assert task._checked("fallback") is None


@pytest.mark.parametrize("kind", KINDS)
def test_a_default_of_the_dag_is_checked_too(kind: Any) -> None:
    with (
        DAG("defaults", schedule=None, default_args={"wahelp_conn_id": None}),
        pytest.raises(InputError, match=r"^wahelp_conn_id: must be given"),
    ):
        made(kind)


class Greeting(SendMessageOperator):
    """A class of a user's own, with an argument of its own."""

    checks = SendMessageOperator.checks | {"language": required(str.lower)}
    template_fields = tuple(checks)

    def __init__(self, *, language: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.language = language
        self._check_arguments()


def test_a_class_of_ones_own_has_arguments_of_its_own() -> None:
    task = Greeting(task_id="task", text="Hello", user_id=1, language="{{ params.language }}")
    task.render_template_fields({"params": {"language": "RU"}})  # type: ignore[arg-type]
    assert task._checked("language") == "ru"
    with pytest.raises(InputError, match=r"^language: must be given"):
        Greeting(task_id="task", text="Hello", user_id=1, language=None)  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"^if_unclear: must be one of"):
        Greeting(task_id="task", text="Hello", user_id=1, language="ru", if_unclear="hope")
