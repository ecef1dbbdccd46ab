"""A mailing in words and numbers, for its page."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from airflow_provider_wahelp.delivery.mailing.figures import counts, curve, funnel, lines, reasons
from airflow_provider_wahelp.pages.mailings import Mailing


def view(mailing: Mailing) -> dict[str, Any]:
    """Return what the page shows of a mailing: plain JSON values."""
    told = mailing.told
    return {
        **{name: getattr(mailing, name) for name in ("dag_id", "run_id", "task_id", "map_index", "state")},
        "under_way": mailing.under_way,
        "funnel": funnel(counts(told.get("totals")), mailing.replies),
        "reasons": reasons(told.get("reasons")),
        "speed": str(told.get("speed") or ""),
        "holds": str(told.get("holds") or ""),
        "ends": _moment(told.get("ends")),
        "until": _moment(told.get("until")) if mailing.state == "deferred" else "",
        "began": _moment(told.get("began")),
        "at": _moment(told.get("at")),
        "report": str(told.get("report") or ""),
        "curve": curve(lines(told.get("points"), 4)),
    }


def _moment(value: Any) -> str:
    """Return a moment as ISO 8601; the browser says it in the reader's form."""
    try:
        return datetime.fromtimestamp(value, UTC).isoformat(timespec="seconds")
    except (TypeError, ValueError, OverflowError, OSError):
        return ""
