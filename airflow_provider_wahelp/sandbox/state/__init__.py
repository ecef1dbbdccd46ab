"""The imitated platform itself: who logged in, what was created, what was written. No input, no output."""

from __future__ import annotations

from airflow_provider_wahelp.sandbox.state.core import Event
from airflow_provider_wahelp.sandbox.state.state import State

__all__ = ["Event", "State"]
