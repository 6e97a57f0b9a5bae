"""Judged hours, rates and lines of the account as one line of JSON each, the form in which stores keep them whole."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec

from emissions.account import AccountHour
from emissions.beijing import BEIJING, to_beijing
from emissions.hourly import Hour
from emissions.transmission import Rate
from stores.port import StoreUnavailable

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

_encode = msgspec.json.Encoder().encode
_hour = msgspec.json.Decoder(Hour)
_rate = msgspec.json.Decoder(Rate)
_account = msgspec.json.Decoder(AccountHour)


def line_of(point: Hour | Rate | AccountHour) -> str:
    """The point as JSON.

    Raises:
        ValueError, TypeError: its evidence holds something that JSON has no word for, or text that is not Unicode.
    """
    return _encode(point).decode()


def hour_from(line: str | bytes) -> Hour:
    """The hour of a line, its moments in Beijing time.

    Raises:
        StoreUnavailable: the line lacks a field that this version needs, or is damaged.
    """
    try:
        hour = _hour.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise StoreUnavailable(f"a stored hour cannot be read: {error}: {line[:200]!r}") from error
    if hour.hour.tzinfo == BEIJING and hour.known_at.tzinfo == BEIJING:
        return hour  # as nearly all were written; a month is read a hundred thousand hours at a time
    return replace(hour, hour=to_beijing(hour.hour), known_at=to_beijing(hour.known_at))


def rate_from(line: str | bytes) -> Rate:
    """The rate of a line, its moment in Beijing time.

    Raises:
        StoreUnavailable: the line lacks a field that this version needs, or is damaged.
    """
    try:
        rate = _rate.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise StoreUnavailable(f"a stored rate cannot be read: {error}: {line[:200]!r}") from error
    return replace(rate, as_of=to_beijing(rate.as_of))


def is_settlement(rate: Rate) -> bool:
    """Whether it is a month's rate from its settlement on; the first of these is what was settled (R15)."""
    return rate.settled and rate.window == "month"


def account_from(line: str | bytes) -> AccountHour:
    """The line of the account, its moments in Beijing time.

    Raises:
        StoreUnavailable: the line lacks a field that this version needs, or is damaged.
    """
    try:
        account = _account.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise StoreUnavailable(f"a stored line of the account cannot be read: {error}: {line[:200]!r}") from error
    return replace(account, hour=to_beijing(account.hour), as_of=to_beijing(account.as_of))


def microseconds(moment: datetime) -> int:
    """A moment with a zone as microseconds since 1970 UTC, exactly."""
    return (moment - _EPOCH) // _MICROSECOND


def from_microseconds(count: int) -> datetime:
    """The moment in Beijing time of so many microseconds since 1970 UTC."""
    return (_EPOCH + timedelta(microseconds=count)).astimezone(BEIJING)
