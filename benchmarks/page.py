"""The tables of ``docs/benchmarks.md``, between two marks; the words around them are written by hand."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
BEGIN, END = "<!-- written by make bench -->", "<!-- until here -->"

PAGE_TARGET_MS = 300.0

Results = Mapping[str, Any]


def write(results: Results) -> None:
    """Put the figures into the page."""
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n\n{tables(results)}\n{END}{after}", encoding="utf-8")


def tables(results: Results) -> str:
    """All tables that the results are enough for."""
    parts = [_machine(results)]
    if "judging_packets_per_s" in results:
        parts += [_targets(results), _judging(results)] if "path_packets_per_s" in results else [_judging(results)]
    if "path_packets_per_s" in results:
        parts += [_path(results), _stages(results)]
    if "decode_packets_per_s" in results:
        parts.append(_pure(results))
    if "pages_ms" in results:
        parts.append(_pages(results))
    return "\n".join(parts)


def _pages(r: Results) -> str:
    names = ("first_ms", "p50_ms", "p95_ms", "p99_ms", "processor_ms")
    rows = [
        (f"{kind} {name}", *(one[key] for key in names), _yes(met=one["p95_ms"] < PAGE_TARGET_MS))
        for kind, group in (("page", r["pages_ms"]), ("route", r["routes_ms"]))
        for name, one in group.items()
    ]
    hours, load = f"{r['pages_hours_in_store']:,}".replace(",", " "), r["pages_taken"]["load_before"]
    head = ["ms", "first", "p50", "p95", "p99", "processor", f"p95 < {PAGE_TARGET_MS:g}"]
    return _table(f"Pages and routes, {hours} hours × pollutants in SQLite, load {load} before", head, rows)


def _machine(results: Results) -> str:
    taken = [
        f"{part} at {results[f'{part}_taken']['commit']} ({results[f'{part}_taken']['form']} form)"
        for part in ("decode", "judge", "judging", "path", "pages")
        if f"{part}_taken" in results
    ]
    return f"{results['machine']}. Parts may be of different runs: {', '.join(taken) or 'all of one run'}.\n"


def _targets(r: Results) -> str:
    ratio = r["judging_to_quix"]
    p99 = r["publish_to_alert_p99_s"]
    rows = [
        ("judging, one core", "≥ 8 000 packets/s", r["judging_packets_per_s"], r["judging_packets_per_s"] >= 8000),
        ("judging ÷ Quix Streams", "≥ 1", ratio, ratio >= 1),
        ("whole path", "≥ 2 000 packets/s", r["path_packets_per_s"], r["path_packets_per_s"] >= 2000),
        ("lost", "0", r["lost"], r["lost"] == 0),
        ("left to do at the end", "nothing", _left_over(r), not r["left_over"]),
        ("publish → alert, p99, at 1 000 packets/s", "< 2 s", p99, p99 is not None and p99 < 2),
        ("memory of gateway, worker and alerts", "flat", _memory(r), _is_flat(r)),
    ]
    return _table("Targets", ["what", "target", "measured", "met"], [(*row[:3], _yes(met=row[3])) for row in rows])


FLAT = 1.1
"""Second to last quarter; more than this share of growth is no longer flat."""


def _is_flat(r: Results) -> bool:
    return all(last <= FLAT * second for second, last in _ours(r).values())


def _memory(r: Results) -> str:
    return ", ".join(f"{name} {second} → {last} MB" for name, (second, last) in _ours(r).items())


def _left_over(r: Results) -> str:
    return ", ".join(f"{stage}: {count}" for stage, count in r["left_over"].items()) or "nothing"


def _ours(r: Results) -> dict[str, list[int]]:
    return {name: r["path_memory_mb"][name] for name in ("gateway", "worker", "alerts")}


def _judging(r: Results) -> str:
    rows = [
        (
            label,
            _thousands(r[f"{name}_packets_per_s"]),
            _thousands(r[f"{name}_packets_per_cpu_s"]),
            r[f"{name}_memory_mb"],
            _yes(met=r[f"{name}_survives_kill"]),
        )
        for name, label in (
            ("judging", "the worker's stage (Faust)"),
            ("plain", "aiokafka loop"),
            ("quix", "Quix Streams"),
        )
    ]
    head = [
        "one core, same feed",
        "packets/s",
        "packets per CPU second",
        "memory [MB]",
        "ends as the batch after two kills",
    ]
    ratios = (
        f"\nThe worker's stage is {r['judging_to_quix']} × Quix Streams and {r['judging_to_plain']} × the plain loop.\n"
    )
    return _table("Judging", head, rows) + ratios


def _path(r: Results) -> str:
    rows = [
        (f"sustained for {r['path_seconds']:g} s", f"{_thousands(r['path_packets_per_s'])} packets/s"),
        ("rate for the latencies", f"{_thousands(r['latency_at_packets_per_s'])} packets/s"),
        *(
            (
                f"publish → {what}, p50 / p99 / p99.9",
                " / ".join(f"{r[f'publish_to_{what}_{p}_s']} s" for p in ("p50", "p99", "p999")),
            )
            for what in ("stored", "alert")
        ),
        ("alerts raised / not raised", f"{r['alerts']} / {r['alerts_lost']}"),
        (
            f"backfill of {_thousands(r['backfill_packets'])} packets",
            f"{r['backfill_seconds']} s, {_thousands(r['backfill_packets_per_s'])} packets/s",
        ),
        ("published / in InfluxDB / lost", f"{r['published']} / {r['in_influxdb']} / {r['lost']}"),
        ("answers due / received", f"{r['answers_due']} / {r['answers']}"),
    ]
    return _table("Whole path", ["what", "measured"], rows)


def _stages(r: Results) -> str:
    rows = [
        (
            name,
            cores,
            r["latency_cores"][name],
            " → ".join(map(str, r["path_memory_mb"][name])),
            r.get("backfill_most_memory_mb", {}).get(name, "–"),
        )
        for name, cores in r["path_cores"].items()
    ]
    head = [
        "process",
        "cores, sustained",
        "cores, at the latencies' rate",
        "memory, sustained, second → last quarter [MB]",
        "most in the backfill [MB]",
    ]
    return _table("Stages", head, rows)


def _pure(r: Results) -> str:
    rows = [
        ("frame → message", f"{_thousands(r['decode_packets_per_s'])} packets/s"),
        ("feed line → encoded outputs", f"{_thousands(r['judge_lines_per_s'])} lines/s"),
        ("state of seven outlets after a day", f"{r['checkpoint_kb']} kB, packed in {r['checkpoint_ms']} ms"),
    ]
    return _table("Pure code, one core, no services", ["what", "measured"], rows)


def _table(title: str, head: list[str], rows: list[tuple[Any, ...]]) -> str:
    def lines() -> Iterator[str]:
        yield f"### {title}\n"
        yield _row(head)
        yield _row("---" for _ in head)
        yield from map(_row, rows)

    return "\n".join(lines()) + "\n"


def _row(cells: Any) -> str:
    return f"| {' | '.join(str(cell) for cell in cells)} |"


def _yes(*, met: bool) -> str:
    return "yes" if met else "**no**"


def _thousands(number: float) -> str:
    return f"{number:,.0f}".replace(",", " ")
