"""From the feed to the series store: every value that stands in the feed is stored, to the last digit."""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime

from emissions.reading import Reading
from simulators.report import DATA
from stackwatch.ledger_check.fault import Fault, Stage
from stackwatch.ledger_check.feed_stage import Fed
from stackwatch.ledger_check.run_folder import Run

Key = tuple[str, str, datetime]
"""(outlet, command, data time)."""


def stored(run: Run, fed: Fed) -> tuple[Stage, list[Fault]]:
    """Compare the values as the loggers meant them with those in the store; the later received wins (R5)."""
    wanted = _wanted(fed)
    asked = {(sent.outlet, sent.cn, sent.data_time) for sent in run.book.resent}
    found: dict[Key, Reading] = {}
    faults: list[Fault] = []
    times: Counter[Key] = Counter()
    for reading in run.lines["readings"]:
        assert isinstance(reading, Reading)
        key = (reading.outlet, reading.cn, reading.at)
        times[key] += 1
        found[key] = reading
    for key, many in times.items():
        if many > 1:
            faults.append(_fault("duplicate", key, expected=1, found=many))
        if key not in wanted and key not in asked:
            faults.append(_fault("wrong", key, expected="a value that stands in the feed", found="a reading of nobody"))
    for key, values in wanted.items():
        if (reading_ := found.get(key)) is None:
            faults.append(_fault("lost", key, expected=values, found=None))
        else:
            faults += _values(key, values, reading_)
    here = sum(key in found for key in wanted)
    return Stage(stage="readings", expected=len(wanted), found=here), faults


def _wanted(fed: Fed) -> dict[Key, dict[str, float | str]]:
    latest: dict[Key, dict[str, tuple[datetime, str]]] = {}
    for received_at, sent in fed.arrivals:
        if sent.refused or sent.cn not in DATA or sent.data_time is None or not sent.outlet:
            continue
        values = latest.setdefault((sent.outlet, sent.cn, sent.data_time), {})
        for code, suffixes in sent.values.items():
            for suffix, text in suffixes.items():
                name = f"{code}-{suffix}"
                if name not in values or received_at >= values[name][0]:
                    values[name] = received_at, text
    return {key: dict(_meant({name: text for name, (_, text) in values.items()})) for key, values in latest.items()}


def _meant(texts: dict[str, str]) -> Iterator[tuple[str, float | str]]:
    """Flags as they are; of the rest what is a finite number (R4)."""
    for name, text in texts.items():
        if name.endswith("-Flag"):
            if text:
                yield name, text
            continue
        try:
            value = float(text)
        except ValueError:
            continue
        if math.isfinite(value):
            yield name, value


def _values(key: Key, wanted: dict[str, float | str], reading: Reading) -> Iterator[Fault]:
    found: dict[str, float | str] = {**reading.numbers, **reading.flags}
    for name, value in wanted.items():
        if name not in found:
            yield _fault("lost", key, name, expected=value, found=None)
        elif found[name] != value:
            yield _fault("wrong", key, name, expected=value, found=found[name])


def _fault(kind: str, key: Key, *more: str, expected: object, found: object) -> Fault:
    outlet, cn, at = key
    about: Sequence[str] = (f"CN {cn}", at.isoformat(), *more)
    return Fault(kind=kind, stage="readings", outlet=outlet, about=about, expected=expected, found=found)
