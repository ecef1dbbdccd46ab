"""What a receiver has heard, where Airflow finds a Variable without a database: in the environment."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_wahelp.incoming.hints import Board, Hint, board_name

RECEIVER = {"webhook_token": "a-secret-that-nobody-guesses"}
"""What the extra of a connection with a receiver has."""


class Heard:
    """The hints of a sandbox's project."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, url: str, project_id: Any) -> None:
        self._monkeypatch = monkeypatch
        self._name = board_name(url.removeprefix("http://"), project_id)
        self.board = Board()
        self.tell()

    def tell(self, *hints: Hint) -> None:
        """Let the receiver hear of something."""
        self.board = self.board.plus(hints)
        self._monkeypatch.setenv(f"AIRFLOW_VAR_{self._name.upper()}", self.board.dumps())
