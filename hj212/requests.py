"""What a platform asks of a logger, and what a logger uploads beside the values of factors."""

from collections.abc import Mapping
from datetime import datetime

from hj212.commands import COMMANDS
from hj212.encode import Unencodable, message
from hj212.moments import qn_of, text_of

_VERSIONS = {2005: 0, 2017: 1, 2025: 2}

RTD_INTERVALS = range(30, 3601)
"""Seconds that RtdInterval may be set to."""

MIN_INTERVALS = (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30)
"""Minutes that MinInterval may be set to."""


def request(
    cn: str,
    *,
    mn: str,
    at: datetime,
    st: str = "31",
    pw: str = "123456",
    edition: int = 2017,
    items: Mapping[str, str] | None = None,
) -> bytes:
    """A request of the platform to a logger, answer wanted.

    Args:
        cn: A command that goes down.
        mn: Whom it is for.
        at: Moment that makes the request number QN.
        st, pw, edition: As the logger speaks.
        items: Items of CP, only those that the command has.

    Raises:
        Unencodable: the command does not go down, or has no such item, or an interval is not one of those allowed.
    """
    return _plain(cn, {"up"}, mn=mn, at=at, st=st, pw=pw, edition=edition, items=items or {}, values={})


def backfill(cn: str, *, mn: str, at: datetime, begin: datetime, end: datetime, edition: int = 2017) -> bytes:
    """Ask for history of minutes (2051), hours (2061) or days (2031) from begin to end, both inclusive (补传)."""
    span = {"BeginTime": text_of(begin), "EndTime": text_of(end)}
    return request(cn, mn=mn, at=at, edition=edition, items=span)


def upload(
    cn: str,
    *,
    mn: str,
    at: datetime,
    st: str = "31",
    pw: str = "123456",
    edition: int = 2017,
    data_time: datetime | None = None,
    items: Mapping[str, str] | None = None,
    values: Mapping[str, Mapping[str, str]] | None = None,
) -> bytes:
    """What a logger sends up under a command, answer wanted: 1011, 1061, 2021, 2041, 2081, 3019, 3020, 9015 ...

    Raises:
        Unencodable: the command does not go up, or has no such item.
    """
    return _plain(
        cn,
        {"down"},
        mn=mn,
        at=at,
        st=st,
        pw=pw,
        edition=edition,
        data_time=None if data_time is None else text_of(data_time),
        items=items or {},
        values=values or {},
    )


def _plain(
    cn: str,
    wrong_ways: set[str],
    *,
    mn: str,
    at: datetime,
    st: str,
    pw: str,
    edition: int,
    items: Mapping[str, str],
    values: Mapping[str, Mapping[str, str]],
    data_time: str | None = None,
) -> bytes:
    command = COMMANDS.get(cn)
    if command is None or command.direction in wrong_ways:
        raise Unencodable(f"command {cn} is not sent that way")
    for name, text in items.items():
        if name not in command.items:
            raise Unencodable(f"command {cn} has no item {name}, only {', '.join(command.items) or 'none'}")
        _check_interval(name, text)
    return message(
        qn=qn_of(at),
        st=st,
        cn=cn,
        pw=pw,
        mn=mn,
        flag=_VERSIONS[edition] << 2 | 1,
        data_time=data_time,
        values=values,
        other=items,
    )


def _check_interval(name: str, text: str) -> None:
    allowed = {"RtdInterval": RTD_INTERVALS, "MinInterval": MIN_INTERVALS}.get(name)
    if allowed is not None and not (text.isascii() and text.isdigit() and int(text) in allowed):
        raise Unencodable(f"{name}={text!r} is not one of the intervals that the standard allows")
