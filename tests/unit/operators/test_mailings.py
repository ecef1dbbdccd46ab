"""Mailings as operators: arguments, templates, the text. What becomes of them is in ``tests/delivery``."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG, AirflowFailException

from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.delivery.mailing import options
from airflow_provider_wahelp.hooks import WahelpHook
from airflow_provider_wahelp.operators import SendMessagesOperator
from airflow_provider_wahelp.operators.limits import LimitedOperator
from airflow_provider_wahelp.sandbox import Sandbox
from airflow_provider_wahelp.transfers import SqlToWahelpOperator

PHONE = "+79160000001"
BAD: list[tuple[str, Any]] = [
    ("recipients", "people.xlsx"),
    ("recipients", 7),
    ("recipients", None),
    ("text", ""),
    ("text", "{{ row. }}"),
    ("text", "{% if row.name %}"),
    ("text", "{{ row.name"),
    ("text", None),
    ("key", " "),
    ("key", 7),
    ("channel_uuid", "a/b"),
    ("project_id", "shop"),
    ("pace", 0),
    ("pace", "fast"),
    ("pace", True),
    ("pace", 0.0001),
    ("daily_cap", 1.5),
    ("daily_cap", 0),
    ("daily_cap", "9" * 5000),
    ("concurrency", 0),
    ("concurrency", 33),
    ("concurrency", None),
    ("quiet_hours", "21-09"),
    ("quiet_hours", ("21:00", "21:00")),
    ("quiet_zone", "moon"),
    ("timezone", "Europe/Atlantis"),
    ("stop_words", ["stop", ""]),
    ("stop_words", None),
    ("stop_words", 5),
    ("stop_words", "stop"),
    ("stop_words", "{{ params.words }}"),
    ("start_words", ["start", ""]),
    ("start_words", None),
    ("start_words", "start"),
    ("start_words", ["start", "S-T-O-P"]),
    ("opt_out_for", timedelta(0)),
    ("opt_out_for", -1),
    ("opt_out_for", True),
    ("opt_out_for", "{{ params.days }}"),
    ("on_bad_rows", "ignore"),
    ("if_empty", "cry"),
    ("if_empty", None),
    ("max_failures", -1),
    ("max_failures", 1.5),
    ("max_length", 0),
    ("dry_run", "yes"),
    ("report_path", "report.xlsx"),
    ("if_unclear", "hope"),
    ("on_rerun", "send"),
]
TEMPLATED = [(name, value) for name, value in BAD if name in SendMessagesOperator.template_fields]


@pytest.fixture
def channel(wahelp_sandbox: Sandbox, connect: Any) -> dict[str, Any]:
    connect(wahelp_sandbox.url)
    with WahelpHook() as hook:
        project = hook.create_project("Shop").id
        uuid = hook.create_channel("Support", project_id=project).uuid
    wahelp_sandbox.scan(str(uuid))
    wahelp_sandbox.clear_requests()
    return {"project_id": project, "channel_uuid": uuid}


def operator(**given: Any) -> SendMessagesOperator:
    arguments = {
        "task_id": "mail",
        "text": "Hello",
        "recipients": [{"phone": PHONE}],
        "pace": None,
        "daily_cap": None,
    }
    return SendMessagesOperator(**{**arguments, **given})


def sent(sandbox: Sandbox, phone: str = PHONE) -> list[str]:
    return [line["text"] for line in sandbox.conversation(phone)]


def run_in_dag(dag: dict[str, Any], context: dict[str, Any], **given: Any) -> dict[str, int]:
    """Render and execute a mailing that belongs to a DAG."""
    with DAG("mailing", start_date=datetime(2026, 1, 1, tzinfo=UTC), schedule=None, **dag):
        task = operator(**given)
    task.render_template_fields(context)  # type: ignore[arg-type]
    return task.execute(context)  # type: ignore[arg-type]


@pytest.mark.parametrize(("name", "value"), BAD)
def test_a_bad_literal_is_refused_when_the_dag_is_parsed(name: str, value: Any) -> None:
    with pytest.raises(InputError, match=rf"^{name}: "):
        operator(**{name: value})


def test_phones_that_are_no_rows_are_refused_when_the_dag_is_parsed() -> None:
    with pytest.raises(InputError, match=r"^recipients: must be a list of mappings"):
        operator(recipients=[PHONE])


@pytest.mark.parametrize(("name", "value"), TEMPLATED)
def test_a_bad_value_of_a_template_is_refused_before_anything_is_sent(
    channel: dict[str, Any], wahelp_sandbox: Sandbox, name: str, value: Any
) -> None:
    task = operator(**{"quiet_hours": "21:00-09:00", **channel, name: "{{ params.value }}"})
    setattr(task, name, value)
    with pytest.raises(InputError, match=rf"^{name}: ") as caught:
        task.execute({})
    assert isinstance(caught.value, AirflowFailException)
    assert sent(wahelp_sandbox) == []


def test_the_line_of_a_bad_template_is_told() -> None:
    with pytest.raises(InputError, match=r"^text: is no Jinja template, line 2: "):
        operator(text="Hello\n{{ row. }}")


@pytest.mark.parametrize(("limit", "most"), [(0, 0), (1, 1), (2.0, 2), ("3.0", 3), ("0.25", 2), (0.2, 2)])
def test_a_share_of_failures_is_below_one(limit: Any, most: int) -> None:
    assert options.allowed_failures(options.max_failures(limit), 10) == most


@pytest.mark.parametrize("kind", [SendMessagesOperator, SqlToWahelpOperator])
def test_every_argument_but_these_is_a_template(kind: type[SendMessagesOperator]) -> None:
    inits = (SendMessagesOperator.__init__, LimitedOperator.__init__)
    given = {name for init in inits for name in init.__wrapped__.__kwdefaults__}  # type: ignore[attr-defined]
    rules = {"stop_words", "start_words", "opt_out_for", "dry_run", "warm_up", "urgent"}
    assert given - set(kind.template_fields) == rules
    assert "text" not in kind.template_fields


def test_templates_are_rendered(channel: dict[str, Any], wahelp_sandbox: Sandbox) -> None:
    named = {"pace": 6000, "concurrency": 2, "max_failures": 0.5, "quiet_hours": "", "key": "id", **channel}
    params = {**named, "people": [{"phone": PHONE, "id": 1}]}
    templates = {name: f"{{{{ params['{name}'] }}}}" for name in named}
    totals = run_in_dag({}, {"params": params}, recipients="{{ params.people }}", **templates)
    assert totals["sent"] == 1
    assert sent(wahelp_sandbox) == ["Hello"]


@pytest.mark.parametrize("native", [True, False])
def test_a_text_that_looks_like_a_number_stays_one(
    channel: dict[str, Any], wahelp_sandbox: Sandbox, native: bool
) -> None:
    given = {"recipients": "{{ params.people }}", "text": "{{ row.code }}", **channel}
    context = {"params": {"people": [{"phone": PHONE, "code": "007"}]}}
    run_in_dag({"render_template_as_native_obj": native}, context, **given)
    assert sent(wahelp_sandbox) == ["007"]


def test_macros_and_filters_of_the_dag_work_in_the_text(
    channel: dict[str, Any], wahelp_sandbox: Sandbox
) -> None:
    dag = {
        "user_defined_macros": {"shop": "Shop", "twice": lambda word: word * 2},
        "user_defined_filters": {"shout": lambda word: f"{word.upper()}!"},
    }
    run_in_dag(dag, {}, text="{{ shop }} {{ twice('a') }} {{ 'hey' | shout }}", **channel)
    assert sent(wahelp_sandbox) == ["Shop aa HEY!"]


@pytest.mark.parametrize(
    "text", ["{{ row.name | titlle }}", "{{ row.name is emptyy }}", "Hello\n{% iff row.name %}x{% endif %}"]
)
def test_what_no_filter_test_or_tag_is_called_is_refused_before_any_request(
    channel: dict[str, Any], wahelp_sandbox: Sandbox, text: str
) -> None:
    with pytest.raises(InputError, match=r"^text: is no Jinja template, line \d: ") as caught:
        run_in_dag({}, {}, text=text, **channel)
    assert isinstance(caught.value, AirflowFailException)
    assert wahelp_sandbox.requests == []


@pytest.mark.parametrize("words", [True, False, [], ["stop"], ("stop",), {"stop"}])
def test_stop_words_may_be_any_list(words: Any) -> None:
    assert operator(stop_words=words).stop_words == words


@pytest.mark.parametrize(("stop", "start"), [(["Resume"], True), (True, ["стоп!"]), (["a"], ["b", "A."])])
def test_a_word_in_both_lists_is_named(stop: Any, start: Any) -> None:
    with pytest.raises(InputError, match=r'^start_words: must not hold "(resume|стоп!|A\.)", which'):
        operator(stop_words=stop, start_words=start)
    assert operator(stop_words=False, start_words=start)


def test_the_context_of_the_task_stands_around_the_row(
    channel: dict[str, Any], wahelp_sandbox: Sandbox
) -> None:
    context = {"ds": "2026-01-01", "params": {"shop": "Shop"}}
    run_in_dag({}, context, text="{{ ds }} {{ params.shop }} {{ row.phone[-1] }}", **channel)
    assert sent(wahelp_sandbox) == ["2026-01-01 Shop 1"]
    assert "row" not in context


def test_columns_may_be_called_like_methods(channel: dict[str, Any], wahelp_sandbox: Sandbox) -> None:
    row = {"phone": PHONE, "items": "3 books", "keys": "two", "values": 5, "get": 6, "first name": "Anna"}
    text = "{{ row.items }} {{ row.keys }} {{ row.values }} {{ row.get }} {{ row['first name'] }}"
    operator(recipients=[row], text=text, **channel).execute({})
    assert sent(wahelp_sandbox) == ["3 books two 5 6 Anna"]


@pytest.mark.parametrize("text", ["{{ row.name }}", "{{ row['name'] }}", "{{ row.name | upper }}"])
def test_a_missing_column_is_never_an_empty_word(
    channel: dict[str, Any], wahelp_sandbox: Sandbox, text: str
) -> None:
    totals = operator(text=f"Dear {text}", on_bad_rows="report", **channel).execute({})
    assert (totals["skipped"], totals["sent"]) == (1, 0)
    assert sent(wahelp_sandbox) == []


@pytest.mark.parametrize("text", ["{{ row.name }}", "{{ row['name'] | trim }}", "{{ row.values }}"])
def test_a_value_of_a_row_is_no_template(channel: dict[str, Any], wahelp_sandbox: Sandbox, text: str) -> None:
    name = """{{ row.phone }} {{ conn.wahelp_default.password }} 100% "O'Neil" {% x %} {# c #}"""
    row = {"phone": PHONE, "name": name, "values": name}
    run_in_dag({}, {"params": {"rows": [row]}}, text=text, recipients="{{ params.rows }}", **channel)
    assert sent(wahelp_sandbox) == [name]


def test_a_text_cannot_reach_into_python(channel: dict[str, Any]) -> None:
    totals = operator(text="{{ row.__class__.__mro__ }}", on_bad_rows="report", **channel).execute({})
    assert totals["skipped"] == 1


def test_the_report_names_the_key_of_everybody(channel: dict[str, Any], tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"phone": PHONE, "id": "sent"},
        {"phone": "+79160000002", "id": "suppressed"},
        {"phone": None, "id": "bad"},
        {"phone": "+79160000003", "id": "sent"},
        {"phone": "+79160000004", "id": None},
    ]
    report = tmp_path / "report.jsonl"
    operator(
        recipients=rows, key="id", suppress=["+79160000002"], report_path=str(report), **channel
    ).execute({})
    lines = [json.loads(line) for line in report.read_text("utf-8").splitlines()]
    assert [line["key"] for line in lines] == ["sent", "suppressed", "bad", "sent", ""]


IMPORT = """
import sys
from airflow.providers.common.compat.sdk import BaseOperator
BaseOperator(task_id="any")  # what Airflow's own operators cost is not ours
heavy = {"requests", "httpx", "tenacity", "sqlite3", "redis", "psycopg", "phonenumbers", "pyarrow"}
for name in list(sys.modules):  # Airflow may have some of them
    if name.partition(".")[0] in heavy:
        del sys.modules[name]
from airflow_provider_wahelp.operators.mailings import SendMessagesOperator
from airflow_provider_wahelp.transfers import SqlToWahelpOperator
given = dict(text="{{ row.name }}", quiet_hours="21:00-09:00", report_path="report.csv", pace=5)
SendMessagesOperator(task_id="mail", recipients="people.csv", **given)
SqlToWahelpOperator(task_id="sql", sql="SELECT 1", sql_conn_id="shop", **given)
print("loaded:", sorted(heavy & set(sys.modules)))
"""


def test_a_dag_file_pays_for_nothing_that_only_a_task_needs() -> None:
    done = subprocess.run([sys.executable, "-c", IMPORT], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "loaded: []"
