"""Turns a story of a month into the feed that a gateway would have recorded.

Every outlet sends a plain hour packet five minutes after each hour, except where the story says otherwise. A story is
YAML: ``from`` and ``to`` bound the played hours, ``as_of`` the roll call, ``except`` lists what was different.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from contracts.codec import encode
from contracts.feed import encode_line, packet_line
from emissions.beijing import BEIJING
from emissions.event import Mark
from emissions.register import Outlet, Register
from hj212.encode import message
from hj212.moments import qn_of, text_of

HOUR, PUNCTUAL = timedelta(hours=1), timedelta(minutes=65)
PLAIN = {"a34013": "3.00", "a21026": "12.00", "a21002": "31.00"}


def read(path: Path) -> dict[str, Any]:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BEIJING)


def feed(story: dict[str, Any], register: Register) -> list[bytes]:
    """The story's feed, in the order of receipt."""
    lines = [pair for outlet in register.outlets.values() for pair in _outlet(story, outlet)]
    return [line for _, line in sorted(lines, key=lambda pair: pair[0])]


def _outlet(story: dict[str, Any], outlet: Outlet) -> Iterator[tuple[datetime, bytes]]:
    special = [e for e in story.get("except", []) if outlet.id in e["outlets"]]
    for number, entry in enumerate(e for e in special if "mark" in e):
        entered = moment(entry["entered"])
        yield (
            entered,
            encode(
                Mark(
                    id=f"{outlet.id}-{number}",
                    outlet=outlet.id,
                    mn=outlet.mn,
                    mark=entry["mark"],
                    from_=moment(entry["from"]),
                    to=moment(entry["to"]),
                    entered_at=entered,
                    by="operator",
                    revoked=entry.get("revoked", False),
                )
            ),
        )
    hour, end = moment(story["from"]), moment(story["to"])
    while hour < end:
        now = [e for e in special if "mark" not in e and moment(e["from"]) <= hour < moment(e["to"])]
        merged = {key: value for entry in now for key, value in entry.items()}
        if not merged.get("silent"):
            received = moment(merged["received"]) if "received" in merged else hour + PUNCTUAL
            yield received, encode_line(packet_line(received, outlet.mn, _frame(outlet, hour, merged), "gw1"))
        hour += HOUR


def _frame(outlet: Outlet, hour: datetime, said: dict[str, Any]) -> bytes:
    values: dict[str, dict[str, str]] = {}
    for code in outlet.pollutants:
        # A stack that sends the same all day would be suspected, and so would two that send the same (R22).
        wiggle = (hour.hour % 2 + 2 * int(outlet.enterprise[1:])) / 100
        value = said.get("values", {}).get(code, f"{float(PLAIN[code]) + wiggle:.2f}")
        values[code] = {"Avg": value, "ZsAvg": value, "Flag": said.get("flag", "N")}
    values["a19001"] = {"Avg": said.get("oxygen", "9.00" if outlet.reference_o2_pct else "6.00"), "Flag": "N"}
    return message(
        qn=qn_of(hour + PUNCTUAL), st="31", cn="2061", mn=outlet.mn, flag=5, data_time=text_of(hour), values=values
    ).rstrip()
