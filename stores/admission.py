"""What no store takes, decided in one place so that every engine refuses the same points for the same reason."""

import math
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from emissions.account import AccountHour
from emissions.hourly import Hour
from emissions.periods import first_day, period_of
from emissions.reading import Reading
from emissions.transmission import Rate
from stores.lines import line_of
from stores.port import Point

EARLIEST = datetime(1678, 1, 1, tzinfo=UTC)
LATEST = datetime(2262, 1, 1, tzinfo=UTC)
"""Moments outside do not fit into 64 bits of nanoseconds, which is how time series engines count."""

LONGEST_NAME = 1024
"""Ids, codes and keys beyond this many characters are not names. Far below what any engine takes."""

LONGEST_TEXT = 60_000
"""Bytes of one text or one whole hour, in UTF-8."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def refusal(point: Point) -> str | None:
    """Why no store will ever take this point; None when stores take it."""
    try:
        match point:
            case Reading():
                return _reading(point)
            case Hour():
                return _hour(point)
            case Rate():
                return _rate(point)
            case AccountHour():
                return _account(point)
    except UnicodeEncodeError as error:
        return f"text is not Unicode: {error.object[error.start : error.end]!r}"
    return f"{type(point).__name__} is not a reading, an hour, a rate or a line of the account"


def _reading(point: Reading) -> str | None:
    return (
        _name("outlet", point.outlet)
        or _name("cn", point.cn)
        or _tag("enterprise", point.enterprise)
        or _tag("county", point.county)
        or _moment("at", point.at)
        or _moment("received_at", point.received_at)
        or _first(_key(key) for key in (*point.numbers, *point.flags))
        or _finite(point.numbers)
        or _first(_text(key, value) for key, value in point.flags.items())
    )


def _hour(point: Hour) -> str | None:
    return (
        _name("outlet", point.outlet)
        or _name("pollutant", point.pollutant)
        or _tag("county", point.county)
        or _moment("hour", point.hour)
        or _moment("known_at", point.known_at)
        or _finite(
            {
                "raw_mg_m3": point.raw_mg_m3,
                "converted_mg_m3": point.converted_mg_m3,
                "limit_mg_m3": point.limit_mg_m3,
            }
        )
        or _line(point)
    )


def _rate(point: Rate) -> str | None:
    return (
        _name("level", point.level)
        or _name("id", point.id)
        or _name("track", point.track)
        or _period(point.window, point.period)
        or _moment("as_of", point.as_of)
        or _finite(
            {
                "transmission_pct": point.transmission_pct,
                "validity_pct": point.validity_pct,
                "effective_pct": point.effective_pct,
            }
        )
        or _line(point)
    )


def _account(point: AccountHour) -> str | None:
    return (
        _name("outlet", point.outlet)
        or _tag("county", point.county)
        or _moment("hour", point.hour)
        or _moment("as_of", point.as_of)
        or _line(point)
    )


def _first(reasons: Iterable[str | None]) -> str | None:
    return next((reason for reason in reasons if reason is not None), None)


def _name(field: str, name: str) -> str | None:
    return f"{field} is empty" if not name else _tag(field, name)


def _tag(field: str, name: str) -> str | None:
    name.encode()
    if len(name) > LONGEST_NAME:
        return f"{field} has {len(name)} characters, at most {LONGEST_NAME} are a name"
    if found := _CONTROL.search(name):
        return f"{field} {name!r} holds the control character {found[0]!r}"
    return None


def _key(key: str) -> str | None:
    if "-" not in key:
        return f"key {key!r} is not a factor and a suffix joined by '-'"
    return _tag("key", key)


def _text(key: str, value: str) -> str | None:
    size = len(value.encode())
    return f"text of {key!r} has {size} bytes, at most {LONGEST_TEXT} are kept" if size > LONGEST_TEXT else None


def _finite(numbers: Mapping[str, float | None]) -> str | None:
    for field, number in numbers.items():
        if number is not None and not math.isfinite(number):
            return f"{field} is {number}, not a finite number"
    return None


def _moment(field: str, moment: datetime) -> str | None:
    if moment.tzinfo is None:
        return f"{field} {moment.isoformat()} has no time zone"
    if not EARLIEST <= moment < LATEST:
        return f"{field} {moment.isoformat()} is not between {EARLIEST.year} and {LATEST.year - 1}"
    return None


def is_period(window: str, period: str) -> bool:
    """Whether this is how a period of the window is written."""
    try:
        return period_of(first_day(window, period), window) == period
    except ValueError:
        return False


def _period(window: str, period: str) -> str | None:
    return None if is_period(window, period) else f"window {window!r} has no period {period!r}"


def _line(point: Hour | Rate | AccountHour) -> str | None:
    try:
        return _text("the whole point", line_of(point))
    except UnicodeEncodeError:
        raise
    except (ValueError, TypeError) as error:
        return f"cannot be written as JSON: {error}"
