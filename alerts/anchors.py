"""What stands outside of the database about its audit logs: seals of lines, as ``cems.alerts`` has them.

A chain that was rewritten as a whole, or cut and given a new head, is whole in itself. It disagrees with what was
published before: every event of an alert, a case and the desk carries its line's seal, and every minute the heads of
all logs are published that have grown.
"""

from collections.abc import Iterable, Mapping

import msgspec

Anchors = Mapping[tuple[str, int], str]
"""Seal by log and line."""

_LOGS = {
    "alert": "alert_events",
    "case": "case_events",
    "proposal": "desk_events",
    "work_order": "desk_events",
    "silence": "desk_events",
}


class _Line(msgspec.Struct):
    kind: str = ""
    event_id: str = ""
    hash: str = ""
    log: str = ""
    length: int = 0


_line = msgspec.json.Decoder(_Line)


class NotAnAnchor(ValueError):
    """A line that is no line of ``cems.alerts``; says which, and why."""

    def __init__(self, number: int, why: str) -> None:
        super().__init__(f"line {number}: {why}")


def read_anchors(lines: Iterable[bytes]) -> dict[tuple[str, int], str]:
    """Seals out of lines of ``cems.alerts``; lines of kinds that have none are left.

    Raises:
        NotAnAnchor: a line is no JSON of that topic.
    """
    anchors: dict[tuple[str, int], str] = {}
    for number, text in enumerate(lines, 1):
        if not text.strip():
            continue
        try:
            line = _line.decode(text)
        except msgspec.DecodeError as error:
            raise NotAnAnchor(number, str(error)) from error
        if line.kind == "anchor" and line.length > 0:
            anchors[line.log, line.length] = line.hash
        elif (log := _LOGS.get(line.kind)) is not None and line.hash:
            sequence = line.event_id.rpartition(":")[2]
            if not (sequence.isascii() and sequence.isdigit()):
                raise NotAnAnchor(number, f"event_id {line.event_id!r} ends in no number of a line")
            anchors[log, int(sequence)] = line.hash
    return anchors
