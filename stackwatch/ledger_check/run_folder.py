"""The folder that a run leaves behind: what was sent, what stood in each place at the end, and by which register."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from contracts.codec import BadLine, Message, decode
from emissions.account import AccountHour
from emissions.finding import Case, Finding, Rejected
from emissions.hourly import Hour
from emissions.reading import Reading
from emissions.register import Register
from emissions.rules import Rules
from emissions.transmission import Rate
from rulebook.errors import BadFile
from rulebook.loader import load_rules
from rulebook.register import load_register
from simulators.expectation import ExpectedHour
from simulators.ledger import BadLedger, read_ledger
from stackwatch.errors import UserError

LEDGER = "ledger.jsonl"
REGISTER = "register"
RULEBOOK = "rulebook"
"""Only where the run had a rulebook of its own."""
LINES: dict[str, tuple[type[Message], ...]] = {
    "quarantine": (Rejected,),
    "readings": (Reading,),
    "revisions": (Hour,),
    "hours": (Hour,),
    "rates": (Rate,),
    "findings": (Finding,),
    "cases": (Case,),
    "accounts": (AccountHour,),
}
"""Files ``<name>.ndjson`` and what their lines are. ``revisions``: every hour as it was published, in order; ``hours``:
those of the series store."""
FEED, ALERTS = "feed", "alerts"
"""Two more files: the lines of the feed, and the alerts and cases of the alert database."""


class Sent(msgspec.Struct, frozen=True):
    """One frame that left a logger."""

    number: int
    at: datetime
    outlet: str
    mn: str
    cn: str
    data_time: datetime | None
    qn: str
    crc32: str
    answer: str
    refused: str | None
    values: dict[str, dict[str, str]] = {}


class Reply(msgspec.Struct, frozen=True):
    """One frame that a logger sent because the platform asked for it."""

    mn: str
    crc32: str


class Resent(msgspec.Struct, frozen=True):
    """What such a frame held."""

    outlet: str
    cn: str
    data_time: datetime | None


class Kept(msgspec.Struct, frozen=True):
    """One alert of the database, or one month of a case."""

    kind: str
    id: str
    county: str
    evidence: dict[str, Any]
    known_at: datetime | None = None
    ended_by_data: datetime | None = None
    trigger: str = ""
    period: str = ""


_kept_of = msgspec.json.Decoder(Kept)


class _Acknowledged(msgspec.Struct):
    how: str
    numbers: list[int]


class _Mark(msgspec.Struct):
    id: str
    outlet: str


class _End(msgspec.Struct):
    at: datetime


@dataclass(slots=True)
class Book:
    """The ledger of the run."""

    sent: dict[int, Sent] = field(default_factory=dict)
    replies: list[Reply] = field(default_factory=list)
    resent: set[Resent] = field(default_factory=set)
    acknowledged: dict[str, set[int]] = field(default_factory=dict)
    """Numbers by way of acknowledgement."""
    marks: dict[str, str] = field(default_factory=dict)
    """Outlet of each mark that was posted, by the mark's id."""
    expected: list[ExpectedHour] = field(default_factory=list)
    end: datetime | None = None
    """Where the clock stood at the end; None: the run was cut off."""

    @property
    def got_through(self) -> set[int]:
        """Numbers of what the broker or the platform acknowledged: what may not be lost from then on."""
        return set().union(*self.acknowledged.values())


@dataclass(slots=True, kw_only=True)
class Run:
    """All that a run left behind."""

    folder: Path
    book: Book
    register: Register
    rules: Rules
    feed: list[bytes]
    lines: dict[str, list[Message]]
    """By the names of ``LINES``."""
    alerts: list[Kept]


def read_run(folder: Path) -> Run:
    """Read a run's folder.

    Raises:
        UserError: a file is missing or holds what it must not hold; says file, line and what was expected.
    """
    if not folder.is_dir():
        raise UserError(f"{folder}: expected the folder that a run leaves behind (demo --for … --report DIR)")
    book = _book(folder / LEDGER)
    own = folder / RULEBOOK
    try:
        rules = load_rules(own if own.is_dir() else None)
        register = load_register(folder / REGISTER)
    except BadFile as error:
        raise UserError(str(error.problems[0])) from error
    return Run(
        folder=folder,
        book=book,
        register=register,
        rules=rules,
        feed=[line for _, line in _raw(folder / f"{FEED}.ndjson")],
        lines={name: list(_messages(folder / f"{name}.ndjson", kinds)) for name, kinds in LINES.items()},
        alerts=list(_kept(folder / f"{ALERTS}.ndjson")),
    )


def write_lines(folder: Path, name: str, lines: Iterable[bytes]) -> None:
    """Write ``<name>.ndjson``."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{name}.ndjson").open("wb") as file:
        file.writelines(line + b"\n" for line in lines)


def _book(path: Path) -> Book:
    book = Book()
    try:
        for number, entry in enumerate(read_ledger(path), 1):
            try:
                _enter(book, entry)
            except msgspec.ValidationError as error:
                raise UserError(f"{path}:{number}: {_words(error)}") from error
    except OSError as error:
        raise UserError(f"{path}: expected the ledger of a run: {error.strerror}") from error
    except BadLedger as error:
        raise UserError(str(error)) from error
    return book


def _enter(book: Book, entry: dict[str, Any]) -> None:
    match entry["kind"]:
        case "sent":
            sent = msgspec.convert(entry, Sent)
            book.sent[sent.number] = sent
        case "reply":
            book.replies.append(msgspec.convert(entry, Reply))
        case "resent":
            book.resent.add(msgspec.convert(entry, Resent))
        case "acknowledged":
            said = msgspec.convert(entry, _Acknowledged)
            book.acknowledged.setdefault(said.how, set()).update(said.numbers)
        case "mark":
            mark = msgspec.convert(entry, _Mark)
            book.marks[mark.id] = mark.outlet
        case "expected_hour":
            book.expected.append(msgspec.convert(entry, ExpectedHour))
        case "end":
            book.end = msgspec.convert(entry, _End).at


def _raw(path: Path) -> Iterator[tuple[int, bytes]]:
    try:
        with path.open("rb") as file:
            yield from ((number, line.rstrip(b"\n")) for number, line in enumerate(file, 1) if line.strip())
    except OSError as error:
        raise UserError(f"{path}: expected a file of a run: {error.strerror}") from error


def _messages(path: Path, kinds: Sequence[type[Message]]) -> Iterator[Message]:
    wanted = " or ".join(kind.__name__.lower() for kind in kinds)
    for number, line in _raw(path):
        try:
            message = decode(line)
        except BadLine as error:
            raise UserError(f"{path}:{number}: expected a line of kind {wanted}: {error}") from error
        if not isinstance(message, tuple(kinds)):
            raise UserError(f"{path}:{number}: kind: expected {wanted}, found {message.kind}")
        yield message


def read_alerts(lines: Iterable[bytes]) -> list[Kept]:
    """Lines of ``alerts.ndjson`` that have just been made."""
    return list(map(_kept_of.decode, lines))


def _kept(path: Path) -> Iterator[Kept]:
    for number, line in _raw(path):
        try:
            yield _kept_of.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise UserError(f"{path}:{number}: {_words(error)}") from error


def _words(error: Exception) -> str:
    """msgspec's words in the order of ours: field, then what was expected."""
    text, _, place = str(error).partition(" - at ")
    return f"{place.strip('`').removeprefix('$.')}: {text}" if place else text
