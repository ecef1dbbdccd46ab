"""The command ``wahelp``: what the API says of itself, and how that differs from what the package knows."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command, and return its exit status.

    :param arguments: those of the command line.
    """
    parser = _parser()
    chosen = parser.parse_args(arguments)
    # Only now: Airflow takes seconds to import, and `--help` or a wrong option should not.
    from airflow_provider_wahelp.client.errors import WahelpError

    try:
        status: int = chosen.run(chosen)
    except (WahelpError, OSError, ValueError) as error:
        sys.stderr.write(f"wahelp: {error}\n")
        return 2
    return status


def _docs(chosen: argparse.Namespace) -> int:
    from airflow_provider_wahelp.client.documentation.comparison import compare
    from airflow_provider_wahelp.client.documentation.document import Document
    from airflow_provider_wahelp.client.documentation.report import lines_of

    data = json.loads(chosen.read.read_text("utf-8")) if chosen.read else _asked(chosen, "documentation")
    if chosen.save:
        chosen.save.write_text(json.dumps(data, ensure_ascii=False, indent=2) + "\n", "utf-8")
    document = Document(data)
    findings = compare(document)
    sys.stdout.write("\n".join(lines_of(document, findings)) + "\n")
    return int(any(each.kind == "contradicts" for each in findings))


def _changelog(chosen: argparse.Namespace) -> int:
    said = _asked(chosen, "changelog")
    text = said if isinstance(said, str) else json.dumps(said, ensure_ascii=False, indent=2)
    sys.stdout.write(f"{text}\n")
    return 0


def _asked(chosen: argparse.Namespace, what: str) -> Any:
    """Ask Wahelp, with the credentials of the command line or of an Airflow connection."""
    if chosen.login:
        return _asked_directly(chosen, what)
    os.environ["_AIRFLOW_PROCESS_CONTEXT"] = "server"  # as `airflow connections` does: to read its database
    from airflow_provider_wahelp.hooks import WahelpHook

    with WahelpHook(chosen.conn_id) as hook:
        return hook.get_documentation() if what == "documentation" else hook.get_changelog()


def _asked_directly(chosen: argparse.Namespace, what: str) -> Any:
    from getpass import getpass

    from airflow_provider_wahelp.client import Settings, WahelpClient
    from airflow_provider_wahelp.client.documentation.reading import get_changelog, get_documentation
    from airflow_provider_wahelp.client.settings import base_url

    password = os.environ.get("WAHELP_PASSWORD") or getpass("Password: ")
    settings = Settings(base_url=base_url(chosen.host), login=chosen.login, password=password)
    with WahelpClient(settings) as client:
        if what == "documentation":
            return client.run(get_documentation(settings.base_url))
        return client.perform(get_changelog())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="wahelp", description="Ask the Wahelp API what it says of itself.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    about = "compare the API's documentation with what this package takes for known"
    docs = commands.add_parser(
        "docs", help=about, description=f"{about.capitalize()}. Status 1: there are contradictions."
    )
    docs.add_argument("--save", type=Path, metavar="FILE", help="keep the OpenAPI document in this file")
    docs.add_argument("--read", type=Path, metavar="FILE", help="compare this file, and ask nobody")
    docs.set_defaults(run=_docs)
    changelog = commands.add_parser("changelog", help="print what has changed in the API")
    changelog.set_defaults(run=_changelog)
    for command in (docs, changelog):
        command.add_argument(
            "--conn-id", default="wahelp_default", help="Airflow connection (default: %(default)s)"
        )
        command.add_argument("--login", help="log in as, in place of a connection; asks for the password")
        command.add_argument(
            "--host", default="", help="with --login: the address (default: https://wahelp.ru)"
        )
    return parser


if __name__ == "__main__":
    sys.exit(main())
