"""The part of Airflow's REST API that the demo and the system tests use."""

from __future__ import annotations

import ast
import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import httpx
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_fixed

from demo.airflow_version import AIRFLOW, VERSION

PAGE = 100
FINISHED_RUN = frozenset({"success", "failed"})
FINISHED_TASK = frozenset({"success", "failed", "skipped", "upstream_failed", "removed"})


@dataclass(frozen=True)
class TaskInstance:
    """One task of one run."""

    task_id: str
    map_index: int
    state: str | None
    try_number: int
    duration: float | None

    @property
    def finished(self) -> bool:
        """Whether nothing more happens to it."""
        return self.state in FINISHED_TASK


class ConflictError(RuntimeError):
    """What was to be made is there already."""


class UnavailableError(RuntimeError):
    """Airflow has not answered, or with an error that may pass."""


class AirflowApi:
    """A client for an Airflow, which it uses as an administrator."""

    def __init__(self, url: str) -> None:
        self._http = httpx.Client(
            base_url=url, headers={"Accept": "application/json"}, timeout=30, trust_env=False
        )

    def close(self) -> None:
        """Give back the connections."""
        self._http.close()

    def healthy(self) -> bool:
        """Whether the API and all daemons report that they are well."""
        try:
            parts = self._http.get(AIRFLOW.health).raise_for_status().json()
        except httpx.HTTPError:
            return False
        return all((parts.get(name) or {}).get("status") == "healthy" for name in AIRFLOW.parts)

    def log_in(self, account: Mapping[str, str] | None = None) -> None:
        """Take a token for all further calls; where everybody is an administrator, without an account."""
        if not AIRFLOW.token:
            return
        method = "POST" if account else "GET"
        answer = self._http.request(method, AIRFLOW.token, json=account).raise_for_status()
        self._http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def import_errors(self, but_in: str = "") -> list[str]:
        """Return what went wrong when DAG files were read, but those in the folder of this name."""
        found = self._all("/importErrors", "import_errors")
        return [f"{error['filename']}:\n{error['stack_trace']}" for error in found if not _of(error, but_in)]

    def dag_ids(self) -> set[str]:
        """Return the DAGs that have been parsed."""
        return {dag["dag_id"] for dag in self._all("/dags", "dags")}

    def has_dag(self, dag_id: str) -> bool:
        """Whether the DAG has been parsed."""
        return dag_id in self.dag_ids()

    def doc(self, dag_id: str) -> str:
        """Return what a DAG says of itself on its page."""
        return str(self._get(f"/dags/{quote(dag_id, safe='')}/details")["doc_md"] or "")

    def trigger(
        self, dag_id: str, conf: dict[str, Any] | None = None, logical_date: datetime | None = None
    ) -> str:
        """Let a DAG run now, alone, and return the run's id."""
        dag = f"/dags/{quote(dag_id, safe='')}"
        run_id = f"asked_for__{uuid4()}"  # ours: so asking again cannot start a second run
        body: dict[str, Any] = {"dag_run_id": run_id, "conf": conf or {}}
        if VERSION >= (3,) or logical_date:
            body["logical_date"] = logical_date and logical_date.isoformat()
        with contextlib.suppress(ConflictError):  # an earlier attempt has succeeded after all
            self._call("POST", f"{dag}/dagRuns", json=body)
        self._call("PATCH", dag, json={"is_paused": False})
        return run_id

    def listen(self, dag_id: str) -> None:
        """Start a DAG's watchers: they are started when its file is read and it is not paused (Airflow 3)."""
        dag = f"/dags/{quote(dag_id, safe='')}"
        self._call("PATCH", dag, json={"is_paused": False})
        with contextlib.suppress(ConflictError):  # it is asked for already
            self._call("PUT", f"/parseDagFile/{quote(self._get(f'{dag}/details')['file_token'], safe='')}")

    def dag_run(self, dag_id: str, run_id: str) -> str:
        """Return the state of a run."""
        return str(self._get(_run(dag_id, run_id))["state"])

    def run_ids(self, dag_id: str, state: str) -> list[str]:
        """Return the runs of a DAG that are in a state, oldest first."""
        path = f"/dags/{quote(dag_id, safe='')}/dagRuns"
        found = self._all(path, "dag_runs", state=state, order_by="id")
        return [run["dag_run_id"] for run in found]

    def task_instances(self, dag_id: str, run_id: str) -> list[TaskInstance]:
        """Return all tasks of a run, mapped ones one by one."""
        return [
            TaskInstance(
                task_id=found["task_id"],
                map_index=found["map_index"],
                state=found["state"],
                try_number=found["try_number"],
                duration=found["duration"],
            )
            for found in self._all(f"{_run(dag_id, run_id)}/taskInstances", "task_instances")
        ]

    def task_log(
        self, dag_id: str, run_id: str, task_id: str, try_number: int = 1, map_index: int = -1
    ) -> str:
        """Return the log of one try of a task as text."""
        path = f"{_run(dag_id, run_id)}/taskInstances/{quote(task_id, safe='')}/logs/{try_number}"
        answer = self._get(path, map_index=map_index, full_content=True)
        return "\n".join(_log_lines(answer["content"]))

    def xcom(
        self, dag_id: str, run_id: str, task_id: str, key: str = "return_value", map_index: int = -1
    ) -> Any:
        """Return what a task has left to other tasks."""
        path = f"{_run(dag_id, run_id)}/taskInstances/{quote(task_id, safe='')}/xcomEntries/{key}"
        return self._get(path, map_index=map_index, stringify=False)["value"]

    def starts(self, dag_id: str, run_id: str, task_id: str, map_index: int = -1) -> list[datetime]:
        """Return when a worker began a task, or went on with it after a deferral; a retry is neither."""
        only = {
            "dag_id": dag_id,
            "run_id": run_id,
            "task_id": task_id,
            "map_index": map_index,
            "try_number": 1,
        }
        found = self._all("/eventLogs", "event_logs", **only, event="running", order_by="event_log_id")
        return [datetime.fromisoformat(each["when"]) for each in found]

    def links(self, dag_id: str, run_id: str, task_id: str) -> dict[str, str | None]:
        """Return the buttons on a task's page: where each leads."""
        path = f"{_run(dag_id, run_id)}/taskInstances/{quote(task_id, safe='')}/links"
        found: dict[str, str | None] = self._get(path)["extra_links"]
        return found

    def question(self, dag_id: str, run_id: str, task_id: str) -> dict[str, Any]:
        """Return what a task asks a person."""
        found: dict[str, Any] = self._get(_question(dag_id, run_id, task_id))
        return found

    def answer(self, dag_id: str, run_id: str, task_id: str, *options: str) -> None:
        """Answer it, as the person does under "Required Actions"."""
        body = {"chosen_options": options, "params_input": {}}
        self._call("PATCH", _question(dag_id, run_id, task_id), json=body)

    def task_state(self, dag_id: str, run_id: str, task_id: str, map_index: int = -1) -> dict[str, Any]:
        """Return what a task keeps for its next try, by key."""
        path = f"{_run(dag_id, run_id)}/taskInstances/{quote(task_id, safe='')}/state-store"
        entries = self._get(path, map_index=map_index)["task_state_store"]
        return {entry["key"]: entry["value"] for entry in entries}

    def clear(self, dag_id: str, run_id: str, *task_ids: str) -> None:
        """Let tasks of a run that have finished run again: all, unless some are named."""
        path = f"/dags/{quote(dag_id, safe='')}/clearTaskInstances"
        body = {"dag_run_id": run_id, "dry_run": False, "only_failed": False, "reset_dag_runs": True}
        body |= {"task_ids": task_ids} if task_ids else {}
        self._call("POST", path, json=body)

    def add_connection(self, connection: Mapping[str, Any]) -> None:
        """Keep a connection in Airflow's database, where the UI shows and changes it."""
        with contextlib.suppress(ConflictError):  # an earlier attempt has succeeded after all
            self._call("POST", "/connections", json=connection)

    def change_connection(self, connection: Mapping[str, Any], **fields: Any) -> None:
        """Change some fields of a connection, and no others: its password stays as it is."""
        path = f"/connections/{quote(connection['connection_id'], safe='')}"
        body = {name: connection[name] for name in ("connection_id", "conn_type")}
        self._call("PATCH", path, params={"update_mask": list(fields)}, json={**body, **fields})

    def connection(self, connection_id: str) -> dict[str, Any]:
        """Return a connection as the UI shows it, with its secrets masked."""
        found: dict[str, Any] = self._get(f"/connections/{quote(connection_id, safe='')}")
        return found

    def test_connection(self, connection: dict[str, Any]) -> dict[str, Any]:
        """Do what the button "Test" of the connection form does: `{"status": bool, "message": str}`."""
        answer: dict[str, Any] = self._call("POST", "/connections/test", json=connection)
        return answer

    def connection_form(self, connection_type: str) -> dict[str, Any]:
        """Return what the UI makes the form of a connection type from."""
        forms = self._http.get("/ui/connections/hook_meta").raise_for_status().json()
        return next(form for form in forms if form["connection_type"] == connection_type)

    def _all(self, path: str, name: str, **only: Any) -> Iterator[dict[str, Any]]:
        """Yield the entries of a list, page by page."""
        seen = 0
        while True:
            answer = self._get(path, limit=PAGE, offset=seen, **only)
            yield from answer[name]
            seen += len(answer[name])
            if not answer[name] or seen >= answer["total_entries"]:
                return

    def _get(self, path: str, **params: Any) -> Any:
        return self._call("GET", path, params=params)

    # Airflow answers 500 "database is locked" when two write to SQLite at once. Every call may be repeated.
    @retry(
        retry=retry_if_exception_type(UnavailableError),
        stop=stop_after_attempt(10),
        wait=wait_fixed(0.5),
        reraise=True,
    )
    def _call(self, method: str, path: str, **options: Any) -> Any:
        try:
            answer = self._http.request(method, f"{AIRFLOW.api}{path}", **options)
        except httpx.TransportError as error:
            raise UnavailableError(f"Airflow has not answered to {method} {path}: {error!r}") from error
        if answer.is_error:
            raise _error(answer)(f"Airflow answered {answer.status_code} to {method} {path}: {answer.text}")
        return answer.json()


def _run(dag_id: str, run_id: str) -> str:
    return f"/dags/{quote(dag_id, safe='')}/dagRuns/{quote(run_id, safe='')}"


def _question(dag_id: str, run_id: str, task_id: str) -> str:
    return f"{_run(dag_id, run_id)}/taskInstances/{quote(task_id, safe='')}/-1/hitlDetails"


def _of(error: Mapping[str, Any], folder: str) -> bool:
    return folder in (error.get("bundle_name"), *Path(error["filename"]).parts)  # Airflow 2 has no bundles


def _error(answer: httpx.Response) -> type[RuntimeError]:
    if answer.status_code == httpx.codes.CONFLICT:
        return ConflictError
    return UnavailableError if answer.is_server_error else RuntimeError


def _log_lines(content: list[Any] | str) -> Iterator[str]:
    """Turn Airflow's structured log into lines; Airflow 2 has pairs of a host and a text, as Python code."""
    for entry in [text for _, text in ast.literal_eval(content)] if isinstance(content, str) else content:
        if not isinstance(entry, dict):
            yield str(entry)
            continue
        level = f"{entry['level'].upper()} " if entry.get("level") else ""
        yield f"{entry.get('timestamp') or ''} {level}{entry.get('event', '')}".strip()
        for error in entry.get("error_detail") or []:
            yield f"    {error.get('exc_type')}: {error.get('exc_value')}"
