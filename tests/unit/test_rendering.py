"""What of an argument is a template. Airflow's own mapping and rendering run here, of the one installed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG, AirflowFailException, Context, TaskGroup, task

from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.operators import (
    CreateUserOperator,
    GetMessagesOperator,
    SendMessageOperator,
    SendMessagesOperator,
)
from airflow_provider_wahelp.sensors import ChannelActiveSensor, MessageStatusSensor
from airflow_provider_wahelp.transfers import SqlToWahelpOperator
from demo.airflow_version import VERSION

NAME = """{{ 7*7 }} 100% "\u041e'Нил" {% x %} {# c #}"""
PHONE = "+71234567890"
MAILING = {"task_id": "send", "text": "{{ row.name }}"}
LETTERS = ["10.50", "1_000", "12e3", '"quoted"', PHONE, "None", "True", "[1, 2]", "(1, 2)", " a ", "0x10"]

without_database = pytest.mark.skipif(VERSION < (3, 0), reason="Airflow 2 looks lengths up in its database")


class Ti(SimpleNamespace):
    """What Airflow's mapping asks of a task instance."""

    def xcom_pull(self, *_: Any, default: Any = None, **__: Any) -> Any:
        return default if self.xcom is None else self.xcom

    def get_relevant_upstream_map_indexes(self, *_: Any, **__: Any) -> None:
        return None


def dag_of(**given: Any) -> DAG:
    return DAG("data", start_date=datetime(2026, 1, 1, tzinfo=UTC), schedule=None, **given)


@task
def upstream() -> Any:
    """Return whatever the test says."""


def rendered(dag: DAG, xcom: Any = None, map_index: int = -1, **context: Any) -> Any:
    """Render the DAG's task ``send`` as a worker does, and return it."""
    ti = Ti(xcom=xcom, map_index=map_index, task_id="send", dag_id="data", run_id="run")
    known = {"ti": ti, "dag": dag, "dag_run": SimpleNamespace(conf={}), "run_id": "run", "params": {}}
    whole: Any = Context({**known, "expanded_ti_count": None, "task": dag.get_task("send"), **context})  # type: ignore[typeddict-item]
    dag.get_task("send").render_template_fields(whole)
    return whole["task"]


def expanded(kind: Any, xcom: Any, more: Any = None, /, **partial: Any) -> Any:
    """Map an operator over an XCom by ``expand_kwargs``, and return the first of the rendered tasks."""
    with dag_of() as dag:
        kind.partial(task_id="send", **partial).expand_kwargs(more or upstream())
    return rendered(dag, xcom, map_index=0)


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        (SendMessageOperator, {"text": NAME, "phone": PHONE, "name": NAME, "idempotency_key": NAME}),
        (SendMessageOperator, {"text": "x", "user_id": "{{ 1 }}", "fallback": ["{{ 1 }}"]}),
        (CreateUserOperator, {"name": NAME, "phone": "{{ 1 }}", "channel_uuid": "{{ 1 }}"}),
        (GetMessagesOperator, {"output_path": "{{ 1 }}", "limit": "{{ 1 }}"}),
        (MessageStatusSensor, {"message_id": "{{ 1 }}", "status": "{{ 1 }}"}),
        (ChannelActiveSensor, {"channel_uuid": "{{ 1 }}", "project_id": "{{ 1 }}"}),
    ],
)
def test_what_expand_kwargs_takes_from_an_xcom_is_no_template(kind: Any, given: dict[str, Any]) -> None:
    made = expanded(kind, [given])
    assert {name: getattr(made, name) for name in given} == given


@without_database
def test_what_expand_takes_from_an_xcom_is_no_template_and_a_literal_beside_it_is_one() -> None:
    with dag_of() as dag:
        sent = SendMessageOperator.partial(task_id="send", phone="{{ 7*7 }}")
        sent.expand(text=upstream(), name=["{{ 1 + 1 }}"])
    made = rendered(dag, [NAME], map_index=0)
    assert (made.text, made.name, made.phone) == (NAME, "2", "49")


def test_rows_that_expand_kwargs_takes_from_an_xcom_are_no_templates() -> None:
    rows = [{"phone": PHONE, "name": NAME, "more": [{"deep": NAME}]}]
    made = expanded(SendMessagesOperator, [{"recipients": rows, "suppress": rows}], text="{{ row.name }}")
    assert list(made.rows()) == list(made.suppressed()["suppress"]) == rows


def test_a_query_out_of_an_xcom_is_no_template_and_no_file() -> None:
    given = {"sql": "{{ 7*7 }}.sql", "parameters": {"name": NAME}, "suppress_sql": NAME}
    made = expanded(SqlToWahelpOperator, [given], sql_conn_id="shop", text="{{ row.name }}")
    assert {name: getattr(made, name) for name in given} == given


def test_what_is_mapped_by_a_function_is_no_template() -> None:
    with dag_of() as dag:
        SendMessageOperator.partial(task_id="send").expand_kwargs(
            upstream().map(lambda name: {"text": name, "phone": PHONE})
        )
    assert rendered(dag, [NAME], map_index=0).text == NAME


def test_an_xcom_among_literals_is_no_template() -> None:
    """``expand_kwargs`` takes a list, too, whose entries are literals or XComs."""
    with dag_of() as dag:
        both = [{"text": "{{ 7*7 }}", "phone": PHONE}, upstream()]
        SendMessageOperator.partial(task_id="send").expand_kwargs(both)
    assert rendered(dag, map_index=0).text == "49"
    assert rendered(dag, {"text": NAME, "phone": PHONE}, map_index=1).text == NAME


def test_what_the_author_gives_beside_an_xcom_is_a_template() -> None:
    with dag_of(default_args={"name": "{{ 1 + 1 }}"}) as dag, TaskGroup("group", prefix_group_id=False):
        sent = SendMessageOperator.partial(task_id="send", text="{{ 7*7 }}", channel_uuid=upstream())
        sent.expand_kwargs(upstream())
    made = rendered(dag, [{"phone": PHONE}], map_index=0)
    assert (made.text, made.name, made.channel_uuid) == ("49", "2", [{"phone": PHONE}])


def test_what_a_group_gives_to_its_tasks_is_a_template() -> None:
    name = {"name": "{{ 1 + 1 }}"}
    with dag_of() as dag, TaskGroup("group", prefix_group_id=False, default_args=name):
        SendMessageOperator.partial(task_id="send").expand_kwargs(upstream())
    assert rendered(dag, [{"phone": PHONE, "text": NAME}], map_index=0).name == "2"


def test_what_an_xcom_puts_in_place_of_a_template_is_none() -> None:
    with dag_of() as dag:
        SendMessageOperator.partial(task_id="send", text="{{ 7*7 }}").expand_kwargs(upstream(), strict=False)
    assert rendered(dag, [{"text": NAME, "phone": PHONE}], map_index=0).text == NAME


@pytest.mark.parametrize("text", [[NAME], [{"text": NAME}]])
def test_an_xcom_that_is_not_mapped_is_no_template(text: Any) -> None:
    with dag_of() as dag:
        SendMessageOperator(task_id="send", text=upstream(), phone=PHONE, fallback=[upstream()])
    made = rendered(dag, text)
    assert (made.text, made.fallback) == (text, [text])


def test_the_text_of_a_mailing_is_the_authors_alone() -> None:
    rows = [{"phone": PHONE}]
    with pytest.raises(InputError, match=r"^text: is a template for rows, and an XCom is data") as caught:
        expanded(SendMessagesOperator, [{"text": "{{ conn.x.password }}", "recipients": rows}])
    assert isinstance(caught.value, AirflowFailException)
    with dag_of() as dag:
        SendMessagesOperator.partial(task_id="send", recipients=rows).expand_kwargs(
            [{"text": "{{ row.phone }}"}]
        )
    assert rendered(dag, map_index=0).text == "{{ row.phone }}"


@without_database
def test_nor_is_it_what_expand_takes_from_an_xcom() -> None:
    with dag_of() as dag:
        SendMessagesOperator.partial(task_id="send", recipients=[{"phone": PHONE}]).expand(text=upstream())
    with pytest.raises(InputError, match=r"^text: is a template for rows"):
        rendered(dag, ["{{ conn.x.password }}"], map_index=0)


@pytest.mark.parametrize("letters", LETTERS)
@pytest.mark.parametrize("native", [True, False])
def test_a_text_stays_as_it_is(letters: str, native: bool) -> None:
    with dag_of(render_template_as_native_obj=native) as dag:
        SendMessageOperator(
            task_id="send",
            text="{{ params.x }}",
            phone="{{ params.x }}",
            name=letters,
            user_id="{{ params.x }}",
            fallback=["{{ params.x }}"],
        )
    made = rendered(dag, params={"x": letters})
    assert [made.text, made.phone, made.name, made.user_id, *made.fallback] == [letters] * 5


@pytest.mark.parametrize("value", [10.5, True, datetime(2026, 1, 1), [1, 2], ValueError("no rows")])
def test_a_text_is_one_whatever_an_expression_is(value: Any) -> None:
    with dag_of(render_template_as_native_obj=True) as dag:
        SendMessageOperator(task_id="send", text="{{ params.x }}", phone=PHONE)
    assert rendered(dag, params={"x": value}).text == str(value)


@pytest.mark.parametrize("value", [["a", "b"], {"a": 1}, 7, timedelta(hours=1)])
def test_what_is_no_text_keeps_its_object_where_the_dag_renders_natively(value: Any) -> None:
    with dag_of(render_template_as_native_obj=True) as dag:
        GetMessagesOperator(task_id="send", limit="{{ params.x }}")
    assert rendered(dag, params={"x": value}).limit is value


def test_a_list_that_is_spelt_is_one_where_the_dag_renders_natively() -> None:
    given = {"parameters": "{'due': '{{ params.x }}'}", "fallback": "['a', '{{ params.x }}']"}
    with dag_of(render_template_as_native_obj=True) as dag:
        SqlToWahelpOperator(**MAILING, sql="{{ params.x }}", sql_conn_id="shop", wait_for="read", **given)
    made = rendered(dag, params={"x": "1_0"})
    assert (made.sql, made.parameters, made.fallback) == ("1_0", {"due": "1_0"}, ["a", "1_0"])


def test_the_cells_of_a_row_stay_as_they_are_where_the_dag_renders_natively() -> None:
    cells = {f"{number}": f"{{{{ params.x[{number}] }}}}" for number in range(len(LETTERS))}
    with dag_of(render_template_as_native_obj=True) as dag:
        SendMessagesOperator(**MAILING, recipients=[cells])
    (row,) = rendered(dag, params={"x": LETTERS}).rows()
    assert list(row.values()) == LETTERS


@pytest.mark.parametrize("native", [True, False])
@pytest.mark.parametrize(
    "text",
    ["{{ ti.xcom_pull('upstream') }}", "Total: {{ ti.xcom_pull('upstream') }}", "{{ none }}", upstream],
)
@pytest.mark.parametrize("name", ["text", "channel_uuid", "fallback"])
def test_nothing_in_place_of_an_argument_is_refused_for_good(native: bool, text: Any, name: str) -> None:
    given = {"text": "Hello", "phone": PHONE}
    with dag_of(render_template_as_native_obj=native) as dag:
        SendMessageOperator(task_id="send", **{**given, name: text if isinstance(text, str) else text()})
    with pytest.raises(InputError, match=rf"^{name}: .*upstream XCom") as caught:
        rendered(dag)
    assert isinstance(caught.value, AirflowFailException)


@pytest.mark.parametrize("text", ["{{ none or 'nobody' }}", "{{ none | default('nobody', true) }}"])
@pytest.mark.parametrize("native", [True, False])
def test_an_author_can_say_what_nothing_is(native: bool, text: str) -> None:
    with dag_of(render_template_as_native_obj=native) as dag:
        SendMessageOperator(task_id="send", text=text, phone=PHONE)
    assert rendered(dag).text == "nobody"


def test_an_author_can_say_what_nothing_is_for_a_whole_dag() -> None:
    finalize = {"finalize": lambda value: "nobody" if value is None else value}
    with dag_of(jinja_environment_kwargs=finalize) as dag:
        SendMessageOperator(task_id="send", text="{{ none }}", phone=PHONE)
    assert rendered(dag).text == "nobody"


@pytest.mark.parametrize("native", [True, False])
def test_what_is_undefined_is_an_error_that_names_the_argument(native: bool) -> None:
    with dag_of(render_template_as_native_obj=native) as dag:
        SendMessageOperator(task_id="send", text="{{ nobody }}", phone="{{ params.x }}")
    with pytest.raises(Exception, match="'nobody' is undefined") as caught:
        rendered(dag)
    assert caught.value.__notes__ == ["This is about the argument 'text'."]


@pytest.mark.parametrize("given", [{"text": None}, {"text": "Hello", "phone": "no phone"}, {"text": " "}])
def test_a_mapped_task_with_a_bad_value_is_not_retried(given: dict[str, Any]) -> None:
    with pytest.raises(InputError) as caught:
        expanded(SendMessageOperator, [{"phone": PHONE, **given}])
    assert isinstance(caught.value, AirflowFailException)


def test_without_a_dag_everything_is_rendered_all_the_same() -> None:
    made = SendMessageOperator(task_id="send", text="{{ params.x }}", phone=PHONE)
    made.render_template_fields({"params": {"x": "10.50"}})  # type: ignore[arg-type]
    assert made.text == "10.50"


def test_an_argument_of_a_class_of_ones_own_may_be_a_function() -> None:
    made = SendMessageOperator(task_id="send", text="x", phone=PHONE)
    made.text = lambda context, jinja_env: f"{context['x']}"  # type: ignore[assignment]
    made.render_template_fields({"x": 7})  # type: ignore[arg-type]
    assert made.text == "7"
