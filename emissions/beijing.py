"""Beijing time: the only calendar the rules know (R1)."""

from datetime import UTC, date, datetime, timedelta, timezone

BEIJING = timezone(timedelta(hours=8))
"""UTC+8 all year round; China keeps no daylight-saving time."""

HOUR = timedelta(hours=1)


def to_beijing(moment: datetime) -> datetime:
    """The same moment on a Beijing clock. ``moment`` must carry a zone.

    Raises:
        ValueError: the moment has no zone, so nobody can say when it was.
    """
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone")
    return moment.astimezone(BEIJING)


def hour_of(moment: datetime) -> datetime:
    """Start of the Beijing hour that holds the moment: hour H is [H, H + 1 h)."""
    return to_beijing(moment).replace(minute=0, second=0, microsecond=0)


def midnight(day: date) -> datetime:
    """00:00 Beijing time of a calendar day."""
    return datetime(day.year, day.month, day.day, tzinfo=BEIJING)


def utc(moment: datetime) -> datetime:
    """The same moment in UTC, as it is stored."""
    return to_beijing(moment).astimezone(UTC)
