"""Puts a case's evidence into one ZIP file. The same state of the case gives the same bytes."""

import asyncio
import csv
import hashlib
import io
import shlex
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from string import Template
from typing import Any

import msgspec

from alerts.views import CaseView
from contracts.codec import encode
from emissions.transmission import Rate
from rulebook.loader import SHIPPED
from web.evidence.audit_extract import audit_extract
from web.evidence.frames import MonthFeed, marks_of, month_feed
from web.evidence.scope import MonthScope, register_files, scope_of
from web.evidence.trace import hour_trace
from web.reports.provenance import applied_limits
from web.sources import Sources

_README = Path(__file__).with_name("README.txt")
_EPOCH = (1980, 1, 1, 0, 0, 0)

_json = msgspec.json.Encoder(order="deterministic")

Files = dict[str, bytes]


async def evidence_bundle(sources: Sources, case: CaseView) -> bytes:
    """The ZIP file.

    Raises:
        PacketsUnavailable: the feed cannot be read; a bundle without its frames would prove nothing.
        TooLarge: there are more frames than one bundle holds.
        StoreUnavailable, DatabaseUnavailable: something cannot be read now.
    """
    months = await asyncio.to_thread(scope_of, case, sources.register, sources.store, sources.parameters)
    feeds = [await month_feed(sources.packets, sources.marks, month) for month in months]
    return await asyncio.to_thread(_bundle, sources, case, months, feeds)


def _bundle(sources: Sources, case: CaseView, months: Sequence[MonthScope], feeds: Sequence[MonthFeed]) -> bytes:
    files: Files = {}
    for month, feed in zip(months, feeds, strict=True):
        for part in feed.parts:
            files[f"feed/{month.period}/{part.name}.ndjson"] = _lines(part.lines)
        hours = month.hours
        outlets = {outlet.id: outlet for outlet in month.outlets}
        files[f"hours/{month.period}.ndjson"] = _lines(map(encode, hours))
        files[f"trace/{month.period}.ndjson"] = _lines(
            _json.encode(hour_trace(hour, outlets[hour.outlet], sources.rules, feed)) for hour in hours
        )
    files["rates.ndjson"] = _lines(map(encode, _rates(sources, case, months)))
    files["expected.json"] = _pretty({"figures": [_expected(case, month) for month in months]})
    files["case.json"] = _pretty(asdict(case))
    files["audit.ndjson"] = _lines(_json.encode(line) for line in audit_extract(sources.alerts.engine, case.id))
    files["marks.ndjson"] = _lines(
        encode(mark)
        for entry in marks_of(sources.marks, months)
        for mark in (entry.mark, entry.revocation)
        if mark is not None
    )
    files["limits.json"] = _pretty(_limits(sources, months))
    for name, rows in register_files(months, sources.register).items():
        files[f"register/{name}"] = _csv(rows)
    files |= _rulebook(sources.rulebook_dir or SHIPPED)
    commands = _commands(months, feeds)
    software = version("stackwatch")
    files["README.txt"] = (
        Template(_README.read_text(encoding="utf-8"))
        .substitute(
            case=case.id,
            county=f"{case.county_name} ({case.county})",
            software=software,
            commands="\n".join(f"     {command}" for command in commands),
        )
        .encode()
    )
    files["manifest.json"] = _pretty(
        {
            "case": case.id,
            "case_version": case.version,
            "county": case.county,
            "periods": [month.period for month in months],
            "register_version": sources.register_version,
            "rulebook_version": sources.rules.version,
            "software_version": software,
            "commands": commands,
            "sha256": {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())},
        }
    )
    return _zipped(files)


def _rates(sources: Sources, case: CaseView, months: Sequence[MonthScope]) -> list[Rate]:
    return [
        rate
        for month in months
        for level in ("county", "enterprise", "outlet")
        for rate in sources.store.rates(level=level, window="month", period=month.period)
        if rate.county == case.county
    ]


def _expected(case: CaseView, month: MonthScope) -> dict[str, Any]:
    names = ("due", "excluded", "expected", "received", "valid", "effective_pct")
    return {
        "level": "county",
        "id": case.county,
        "window": "month",
        "period": month.period,
        "track": "completed",
        "evidence": month.evidence,
        "cuts": [
            {"name": cut.name, "as_of": cut.until, **{name: getattr(cut.rate, name) for name in names}}
            for cut in month.cuts
        ],
    }


def _commands(months: Sequence[MonthScope], feeds: Sequence[MonthFeed]) -> list[str]:
    """How each cut is calculated again."""
    commands = []
    for month, feed in zip(months, feeds, strict=True):
        for at, part in enumerate(feed.parts, start=1):
            parts = " ".join(shlex.quote(f"feed/{month.period}/{one.name}.ndjson") for one in feed.parts[:at])
            commands.append(
                f"cat {parts} | stackwatch judge --register register --rulebook rulebook"
                f" --as-of {part.until.isoformat()} -"
            )
    return commands


def _limits(sources: Sources, months: Sequence[MonthScope]) -> dict[str, Any]:
    return {
        "rulebook_version": sources.rules.version,
        "months": {
            month.period: [
                asdict(line) for line in applied_limits(month.outlets, sources.rules, start=month.start, end=month.end)
            ]
            for month in months
        },
    }


def _rulebook(folder: Path) -> Files:
    """The files that decide, as they are."""
    files = [folder / "parameters.yaml", *sorted((folder / "standards").glob("*.yaml"))]
    return {f"rulebook/{file.relative_to(folder).as_posix()}": file.read_bytes() for file in files}


def _lines(lines: Iterable[bytes]) -> bytes:
    return b"".join(line + b"\n" for line in lines)


def _pretty(content: Mapping[str, Any]) -> bytes:
    return msgspec.json.format(_json.encode(content), indent=1) + b"\n"


def _csv(rows: Iterable[Sequence[str]]) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    return buffer.getvalue().encode()


def _zipped(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as packed:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            packed.writestr(entry, files[name])
    return buffer.getvalue()
