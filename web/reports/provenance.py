"""What a report was made from: versions of register and rulebook, the limits that were applied, when and for whom."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import msgspec

from emissions.oxygen import reference_oxygen
from emissions.register import Outlet, Register
from emissions.rules import Rules
from emissions.verdict import limit_of

_DIGITS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where a report's figures come from."""

    as_of: datetime | None
    """Roll call that the rates go up to; None: there are no rates."""
    register_version: str
    rulebook_version: str
    software_version: str
    made_at: datetime
    made_by: str
    """Who asked for it; empty where nobody had to say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitLine:
    """One limit that outlets are judged by."""

    source: str
    """``permit``, or standard and category."""
    pollutant: str
    limit_mg_m3: float
    reference_o2_pct: float | None
    valid_from: date | None
    valid_to: date | None
    outlets: int
    verified: bool
    """Somebody compared the number with the printed text. A permit's value is the register's own."""


def fingerprint(register: Register) -> str:
    """The same for the same content, in whatever order the files had it."""
    content = msgspec.json.encode(
        {
            "divisions": [register.divisions[key] for key in sorted(register.divisions)],
            "enterprises": [register.enterprises[key] for key in sorted(register.enterprises)],
            "outlets": [register.outlets[key] for key in sorted(register.outlets)],
        },
        order="deterministic",
    )
    return hashlib.sha256(content).hexdigest()[:_DIGITS]


def applied_limits(outlets: Iterable[Outlet], rules: Rules, *, start: datetime, end: datetime) -> Sequence[LimitLine]:
    """Every limit in force for these outlets at any time of the span, the outlets counted."""
    found: dict[LimitLine, int] = {}
    last = end - timedelta(hours=1)
    for outlet in outlets:
        for pollutant in outlet.pollutants:
            mine = set()
            for hour in (start, last):
                row = rules.limit_row(
                    standard=outlet.standard, category=outlet.category, pollutant=pollutant, hour=hour
                )
                limit, source = limit_of(outlet, pollutant, hour, row)
                if limit is None or source is None:
                    continue
                permit = source == "permit" or row is None
                mine.add(
                    LimitLine(
                        source="permit" if permit or row is None else f"{row.standard} {row.category}",
                        pollutant=pollutant,
                        limit_mg_m3=limit,
                        reference_o2_pct=reference_oxygen(outlet, row),
                        valid_from=None if permit or row is None else row.valid_from,
                        valid_to=None if permit or row is None else row.valid_to,
                        outlets=0,
                        verified=permit or (row is not None and row.verified),
                    )
                )
            for line in mine:
                found[line] = found.get(line, 0) + 1
    lines = [replace(line, outlets=count) for line, count in found.items()]
    return sorted(lines, key=lambda line: (line.source, line.pollutant, line.limit_mg_m3))
