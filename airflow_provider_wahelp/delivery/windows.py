"""When the people of a mailing may be written to, each in the zone of their own phone."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from zoneinfo import ZoneInfo

from airflow_provider_wahelp.delivery.quiet_hours import QuietHours, zones_of


class QuietWindows:
    """The windows that quiet hours leave open.

    Zones are written as a :class:`~airflow_provider_wahelp.delivery.mailing.worklist.Person` has them: those that a
    phone may belong to, with commas between.

    :param quiet: the quiet hours.
    :param default: the zone where nothing is known of the person's own.
    :param own: whether people's own zones count, or this one for all.
    """

    def __init__(self, quiet: QuietHours, default: str, *, own: bool = True) -> None:
        self._quiet = quiet
        self._default = default
        self._own = own

    @property
    def words(self) -> str:
        """When people are not to be written to, in words."""
        hours = f"{self._quiet.start:%H:%M}-{self._quiet.end:%H:%M}"
        if not self._own:
            return f"{hours} {self._default}"
        return f"{hours} in the zone of each phone, {self._default} where it tells none"

    def zones(self, phone: str) -> str:
        """Return the zones of a phone; of ``""`` where there is none."""
        return ",".join(zones_of(phone, self._default)) if phone and self._own else self._default

    def closed(self, zones: Collection[str], now: datetime) -> frozenset[str]:
        """Return those of the zones where it is quiet now."""
        return frozenset(some for some in zones if self._opens(some, now) > now)

    def opens(self, zones: Collection[str], now: datetime) -> datetime:
        """Return when the first of the zones opens."""
        return min(self._opens(some, now) for some in zones)

    def told(self, zones: Collection[str], now: datetime) -> str:
        """Return that in words, by the clock that people have on their wall."""
        openings = {some: self._opens(some, now) for some in zones}
        first = min(openings, key=openings.__getitem__)
        walls = [openings[first].astimezone(ZoneInfo(zone)) for zone in first.split(",")]
        wall = min(walls, key=lambda clock: clock.replace(tzinfo=None))  # where they have only just ended
        longer = ", and longer elsewhere" if len(set(openings.values())) > 1 else ""
        return f"{wall:%H:%M on %d %b} in {wall.tzinfo}{longer}"

    def _opens(self, zones: str, now: datetime) -> datetime:
        return self._quiet.opens(zones.split(","), now, self._default)
