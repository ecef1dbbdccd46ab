"""Services by name: what production has shown, and the worst that the known facts allow."""

from __future__ import annotations

from typing import Literal, NamedTuple

from airflow_provider_wahelp.sandbox.habits.habits import Habits

Like = Literal["production", "worst"]


class Profile(NamedTuple):
    """What a service does always, what it does now and then, and by how much its clock is wrong."""

    habits: Habits
    faults: tuple[str, ...] = ()
    clock_skew: float = 0.0


PROFILES: dict[str, Profile] = {
    "production": Profile(Habits()),
    "worst": Profile(
        Habits(
            page_ignored=True,
            page_cap=25,
            has_more="always",
            past_end=404,
            times_offset=-1.5,
            times_format="%Y-%m-%d %H:%M",
            texts=("html", "nbsp", "one-space", "nfc", "no-fe0f", "short-links", "no-blank-lines"),
            text_limit=4096,
            texts_in_answer=True,
            late_outgoing=5,
            late_incoming=1800,
            quota_status=402,
            logged_out_status=404,
            retry_after_dates=True,
        ),
        faults=(
            "error_after:send_message:0.05:status=503:retry_after=5",
            "maintenance_after:send_message:0.02",
            "maintenance:send_message:0.02",
            "error_before:send_message:0.02:status=408",
            "delayed:send_message:0.02:seconds=45",
        ),
        clock_skew=7200,
    ),
}


def profile(name: str) -> Profile:
    """Return a service by name.

    :param name: one of :data:`PROFILES`.
    :raises ValueError: if there is no such service.
    """
    if name not in PROFILES:
        raise ValueError(f"like must be one of {', '.join(PROFILES)}")
    return PROFILES[name]
