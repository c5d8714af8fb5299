"""Times as the services write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

# short names of zones that stand for one zone alone, with their hours from UTC
_HOURS = {
    **{"UTC": 0, "GMT": 0, "Z": 0, "WET": 0, "WEST": 1, "CET": 1, "CEST": 2, "EET": 2, "EEST": 3},
    **{"KST": 9, "JST": 9, "HKT": 8, "SGT": 8, "AEST": 10, "AEDT": 11, "NZST": 12, "NZDT": 13},
    **{"EST": -5, "EDT": -4, "CDT": -5, "MDT": -6, "MST": -7, "PDT": -7, "PST": -8},
}
_OFFSET = re.compile(r"(?:UTC|GMT)?([+-])(\d\d):?(\d\d)?")


def in_utc(when: datetime) -> datetime | None:
    """A time without a zone is one of UTC; `None` where the calendar ends before it is there."""
    try:
        return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    except OverflowError:
        return None


def zoned_time(text: str) -> datetime | None:
    """`2026-11-20 13:00:00.5 Europe/Berlin`, in UTC; the zone may be a name, an offset, or missing, which is UTC.

    `None` where that is no time, or the zone is not known.
    """
    try:
        day, clock, *zone = text.split()
        when = datetime.fromisoformat(f"{day} {clock}")
        if when.tzinfo is None and zone:
            when = when.replace(tzinfo=_zone(zone[0]))
        return in_utc(when)
    except (ValueError, LookupError, OSError):  # a name may be that of a file elsewhere
        return None


def _zone(name: str) -> timezone | ZoneInfo:
    if name.upper() in _HOURS:
        return timezone(timedelta(hours=_HOURS[name.upper()]))
    if offset := _OFFSET.fullmatch(name):
        size = timedelta(hours=int(offset[2]), minutes=int(offset[3] or 0))
        return timezone(-size if offset[1] == "-" else size)
    return ZoneInfo(name)
