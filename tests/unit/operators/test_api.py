"""The operator of every other operation, over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG, AirflowException, AirflowFailException

from airflow_provider_wahelp.client.errors import InputError, ServerError, UnknownOutcomeError
from airflow_provider_wahelp.operators import WahelpApiOperator
from tests.unit.client.wire import Wire, ok, resets, says


@pytest.fixture
def wire(connect: Any) -> Iterator[Wire]:
    with Wire() as server:
        connect(server.url, extra={"project_id": 41, "retries": 0})
        yield server


def call(path: str = "/crm/deals", **arguments: Any) -> WahelpApiOperator:
    return WahelpApiOperator(task_id="call", path=path, **arguments)


def test_the_data_is_what_the_task_returns(wire: Wire) -> None:
    wire.will(ok([{"id": 1}]))
    assert call(query={"limit": 5}).execute({}) == [{"id": 1}]
    assert wire.calls[0].path == "/api/crm/deals?limit=5"
    assert wire.calls[0].headers["x-project"] == "41"


def test_an_address_of_the_host_will_do(wire: Wire) -> None:
    call(f"{wire.url}/api/user_access/roles").execute({})
    assert wire.calls[0].path == "/api/user_access/roles"


def test_what_is_sent_is_made_of_templates(wire: Wire, tmp_path: Path) -> None:
    (tmp_path / "bill.pdf").write_bytes(b"%PDF-")
    with DAG("d", schedule=None):
        operator = call(
            "/crm/deals/{{ number }}",
            method="{{ method }}",
            data={"name": "{{ name }}", "sum": "{{ 10.50 }}"},
            files={"file": ("{{ name }}.pdf", f"{tmp_path}/{{{{ name }}}}.pdf")},
            query={"page": "{{ 3 }}"},
            project_id="{{ 7 }}",
        )
    operator.render_template_fields({"number": 5, "method": "post", "name": "bill"})
    operator.execute({})
    (sent,) = wire.calls
    assert (sent.method, sent.path) == ("POST", "/api/crm/deals/5?page=3")
    assert b'filename="bill.pdf"' in sent.body
    assert b'name="sum"\r\n\r\n10.5\r\n' in sent.body
    assert sent.headers["x-project"] == "7"


def test_functions_get_the_response_and_what_they_name_of_the_context(wire: Wire) -> None:
    wire.will(ok({"id": 1}), ok({"id": 1}), ok({"id": 1}))
    assert call(response_filter=lambda response, ds: (response.json()["data"]["id"], ds)).execute(
        {"ds": "2026-01-01"}  # type: ignore[typeddict-item, arg-type, unused-ignore]
    ) == (1, "2026-01-01")
    assert call(response_check=lambda response: response.status_code == 200).execute({}) == {"id": 1}
    with pytest.raises(AirflowException, match="response_check"):
        call(response_check=lambda response: response.data["id"] == 2).execute({})


def test_pages_are_what_the_function_says_as_with_http_operator(wire: Wire) -> None:
    wire.will(ok([1], next=2), ok([2], next=3), ok([3]))

    def further(response: Any) -> Any:
        following = response.json().get("next")
        return {"query": {"page": following}} if following else None

    assert call(query={"limit": 1}, pagination_function=further).execute({}) == [[1], [2], [3]]
    assert [seen.path.partition("?")[2] for seen in wire.calls] == [
        "limit=1",
        "limit=1&page=2",
        "limit=1&page=3",
    ]


def test_the_filter_gets_all_pages(wire: Wire) -> None:
    wire.will(ok([1]), ok([2]))
    pages = iter([{"path": "/crm/other"}, None])
    operator = call(
        pagination_function=lambda _: next(pages), response_filter=lambda got: sum(r.data[0] for r in got)
    )
    assert operator.execute({}) == 3
    assert [seen.path for seen in wire.calls] == ["/api/crm/deals", "/api/crm/other"]


def test_all_pages_are_one_list(wire: Wire) -> None:
    wire.will(ok([{"id": 1}], has_more=True), ok([{"id": 2}], has_more=False), ok([{"id": 1}, {"id": 2}]))
    assert call(all_pages=True, response_filter=lambda entries: [e["id"] for e in entries]).execute({}) == [
        1,
        2,
    ]
    assert call(all_pages=True, limit="{{ 1 }}".strip("{} ")).execute({}) == [{"id": 1}]


def test_an_answer_that_is_a_file_goes_to_storage(wire: Wire, tmp_path: Path) -> None:
    wire.will(says(b"a;b\n", content_type="text/csv"))
    path = f"file://{tmp_path}/x.csv"
    assert call(output_path=path).execute({}) == {"path": path, "size": 4, "content_type": "text/csv"}
    assert (tmp_path / "x.csv").read_bytes() == b"a;b\n"


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_a_lost_answer_to_a_change_fails_without_a_retry(wire: Wire, method: str) -> None:
    wire.will(resets)
    with pytest.raises(UnknownOutcomeError, match=f"Unknown whether the {method} was carried out") as caught:
        call(method=method, json={}).execute({})
    assert isinstance(caught.value, AirflowFailException)
    assert len(wire.calls) == 1


def test_a_lost_answer_is_left_to_the_retries_where_that_is_safe_or_wanted(wire: Wire) -> None:
    wire.will(says(status=502), says(status=502))
    for operator in (call(method="DELETE"), call(method="POST", json={}, on_lost_answer="retry")):
        with pytest.raises(ServerError) as caught:
            operator.execute({})
        assert not isinstance(caught.value, AirflowFailException)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"path": "projects/../x"}, "path"),
        ({"method": "FETCH"}, "method"),
        ({"on_lost_answer": "hope"}, "on_lost_answer"),
        ({"all_pages": True, "method": "POST"}, "all_pages"),
        ({"all_pages": True, "pagination_function": print}, "all_pages"),
        ({"all_pages": True, "output_path": "x"}, "output_path"),
        ({"limit": 0}, "limit"),
    ],
)
def test_what_is_wrong_is_said_when_the_dag_is_parsed(arguments: Any, named: str) -> None:
    with pytest.raises(InputError, match=f"^{named}: "):
        call(**arguments)
