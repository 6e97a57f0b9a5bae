"""Days, months, quarters and years of Beijing time by name, and when each is settled (R1, R14, R15)."""

from datetime import date, datetime, timedelta

from emissions.beijing import midnight


def period_of(day: date, window: str) -> str:
    """Name of the period that holds the day: ``2026-11-24``, ``2026-11``, ``2026-Q4`` or ``2026``."""
    match window:
        case "day":
            return day.isoformat()
        case "month":
            return f"{day:%Y-%m}"
        case "quarter":
            return f"{day.year}-Q{(day.month + 2) // 3}"
        case "year":
            return str(day.year)
    raise ValueError(f"window {window!r} is none of day, month, quarter, year")


def first_day(window: str, period: str) -> date:
    """First day of a named period. Raises ValueError where the name is none."""
    match window:
        case "day":
            return date.fromisoformat(period)
        case "month":
            return date.fromisoformat(f"{period}-01")
        case "quarter":
            year, _, quarter = period.partition("-Q")
            return date(int(year), 3 * int(quarter) - 2, 1)
        case "year":
            return date(int(period), 1, 1)
    raise ValueError(f"window {window!r} is none of day, month, quarter, year")


def next_month(day: date) -> date:
    """First day of the month after the day's."""
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def day_after(window: str, period: str) -> date:
    """The first day that no longer belongs to the period."""
    start = first_day(window, period)
    match window:
        case "day":
            return start + timedelta(days=1)
        case "month":
            return next_month(start)
        case "quarter":
            return next_month(next_month(next_month(start)))
    return date(start.year + 1, 1, 1)


def settles_at(window: str, period: str, *, settled_day: int) -> datetime:
    """When the period's figures are settled: 00:00 of the given day of the month after the month it ends in."""
    last = day_after(window, period) - timedelta(days=1)
    return midnight(next_month(last).replace(day=settled_day))
