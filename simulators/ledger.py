"""The ledger: what was sent, what was acknowledged, and what must follow, one JSON line each, only ever appended.

A line is written before the thing it promises is relied on, and a torn last line (the writer was killed in the middle
of it) is left out when the file is read, so the ledger of a run that was cut off is still true.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from zlib import crc32

import msgspec

from contracts.codec import encode as encode_message
from contracts.codec import stamp
from emissions.event import Mark
from simulators.expectation import ExpectedHour
from simulators.fleet import Sending
from simulators.report import Report
from simulators.scenario import Scenario


class Ledger:
    """An open ledger file. Numbers of sendings count from 1 over the whole file."""

    def __init__(self, path: Path) -> None:
        """Raises ``OSError`` when the file cannot be opened for appending."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._file = path.open("ab")
        self._encoder = msgspec.json.Encoder()
        self.sent = 0

    def begin(self, scenario: Scenario, *, speed: float | None) -> None:
        """Say which run the following lines belong to."""
        self._write(
            {
                "kind": "run",
                "scenario": scenario.name,
                "seed": scenario.seed,
                "start": stamp(scenario.start),
                "speed": speed,
            }
        )
        self.flush()

    def sending(self, sending: Sending) -> int:
        """A frame is about to be sent; gives its number."""
        self.sent += 1
        report = sending.report
        self._write(
            {
                "kind": "sent",
                "number": self.sent,
                "at": stamp(sending.at),
                "outlet": sending.outlet,
                "mn": sending.mn,
                "cn": report.cn,
                "data_time": None if report.data_time is None else stamp(report.data_time),
                "qn": sending.qn,
                "bytes": len(sending.frame),
                "crc32": sum_of(sending.frame),
                "answer": sending.answer,
                "refused": sending.refused or None,
                "values": report.values,
            }
        )
        return self.sent

    def reply(self, mn: str, frame: bytes) -> None:
        """A logger is about to answer what the platform asked."""
        self._write({"kind": "reply", "mn": mn, "crc32": sum_of(frame)})

    def resent(self, report: Report) -> None:
        """What such an answer holds again."""
        at = None if report.data_time is None else stamp(report.data_time)
        self._write({"kind": "resent", "outlet": report.outlet, "cn": report.cn, "data_time": at})

    def acknowledged(self, numbers: Iterable[int], *, how: str) -> None:
        """These sendings got through: ``puback`` says the broker, ``answer`` the platform, ``relayed`` the feed."""
        self._write({"kind": "acknowledged", "how": how, "numbers": list(numbers)})

    def mark(self, mark: Mark) -> None:
        """A mark was posted."""
        self._file.write(encode_message(mark) + b"\n")

    def expected(self, hours: Iterable[ExpectedHour]) -> None:
        """What must follow for each judged hour."""
        for hour in hours:
            self._write(hour)

    def end(self, at: datetime) -> None:
        """The run is over; nothing was sent after this."""
        self._write({"kind": "end", "at": stamp(at), "sent": self.sent})
        self.flush()

    def flush(self) -> None:
        """Hand everything to the operating system, which keeps it if this process dies."""
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> Self:
        """The ledger itself; closed at the end of the block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self.close()

    def _write(self, entry: object) -> None:
        self._file.write(self._encoder.encode(entry) + b"\n")


def sum_of(frame: bytes) -> str:
    """What a frame is known by later: the sum of its bytes without the line's end, which is lost on some ways."""
    return format(crc32(frame.rstrip(b"\r\n")), "08x")


class BadLedger(ValueError):
    """The file is no ledger; says where it goes wrong."""


@dataclass(slots=True)
class Account:
    """What a ledger adds up to."""

    sent: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    """Frames that must be in quarantine, by reason."""
    answers_due: int = 0
    acknowledged: dict[str, set[int]] = field(default_factory=dict)
    """Numbers of sendings by way of acknowledgement."""
    marks: int = 0
    expected_hours: int = 0
    ended: bool = False
    torn: bool = False
    """The last line is incomplete: the writer was killed."""


def read_ledger(path: Path) -> Iterator[dict[str, Any]]:
    """The entries of a ledger, in order; a torn last line is left out.

    Raises:
        OSError: the file cannot be read.
        BadLedger: a line that is no JSON object, other than a torn last one.
    """
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                entry = msgspec.json.decode(line)
            except msgspec.DecodeError as error:
                if not line.endswith(b"\n"):
                    return
                raise BadLedger(f"{path}:{number}: expected a JSON object, {error}") from error
            if not (isinstance(entry, dict) and isinstance(entry.get("kind"), str)):
                raise BadLedger(f"{path}:{number}: expected a JSON object with a kind")
            yield entry


def account(path: Path) -> Account:
    """Add a ledger up.

    Raises:
        OSError, BadLedger: see ``read_ledger``.
    """
    total = Account(torn=_torn(path))
    for entry in read_ledger(path):
        match entry["kind"]:
            case "sent":
                total.sent += 1
                total.answers_due += bool(entry["answer"])
                if reason := entry["refused"]:
                    total.refused[reason] = total.refused.get(reason, 0) + 1
            case "acknowledged":
                total.acknowledged.setdefault(entry["how"], set()).update(entry["numbers"])
            case "mark":
                total.marks += 1
            case "expected_hour":
                total.expected_hours += 1
            case "end":
                total.ended = True
    return total


def _torn(path: Path) -> bool:
    with path.open("rb") as file:
        if file.seek(0, 2) == 0:
            return False
        file.seek(-1, 2)
        return file.read(1) != b"\n"
