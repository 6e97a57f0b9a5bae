"""How long a name must wait after failed log-ins: nothing for the first few, then twice as long each time."""

from datetime import datetime, timedelta

FREE = 5
FIRST = timedelta(seconds=30)
LONGEST = timedelta(minutes=15)
"""Never longer, so that nobody can shut another out for good by typing wrong passwords."""
FORGOTTEN = timedelta(hours=24)


def wait_after(failures: int) -> timedelta:
    """How long nobody gets in under the name after so many failures in a row."""
    if failures < FREE:
        return timedelta(0)
    return min(FIRST * (1 << min(failures - FREE, 10)), LONGEST)


def locked_for(failures: int, last_at: datetime, now: datetime) -> timedelta:
    """What is left of the wait; nothing once it is over."""
    return max(last_at + wait_after(failures) - now, timedelta(0))
