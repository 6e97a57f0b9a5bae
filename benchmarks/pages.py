"""How long pages and routes take with a year of a city in the store, over HTTP, one request after the other.

``python -m benchmarks pages``. The server runs in a process of its own; each address is asked once to warm up (told as
``first``) and then a number of times. Beside the time on the wall stands the processor time that an answer costs: on a
busy machine only that can be compared.
"""

import json
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import httpx

from benchmarks.page import PAGE_TARGET_MS
from benchmarks.year import NOW, START, made, year_register

TARGET_MS = PAGE_TARGET_MS
ROUNDS = 40

PAGES = {
    "board": "/",
    "county": "/counties/371502",
    "outlet": "/outlets/O371502-00",
    "outlet, 31 days": "/outlets/O371502-00?days=31",
    "explain, city month": "/explain",
    "explain, outlet month": "/explain?level=outlet&id=O371502-00&window=month&period=2026-10&track=completed",
    "alerts": "/alerts?state=all",
    "cases": "/cases?state=all",
    "account": "/account",
    "marks": "/marks",
    "quarantine": "/quarantine",
    "work orders": "/orders",
    "coverage": "/coverage",
    "report, running month": "/reports",
    "report, past month": "/reports?period=2026-06",
}
ROUTES = {
    "outlets": "/api/v1/outlets",
    "outlet hours, a month": "/api/v1/outlets/O371502-00/hours?from=2026-10-01&to=2026-11-01",
    "outlet readings, an hour": "/api/v1/outlets/O371502-00/readings",
    "rates, counties": "/api/v1/rates",
    "rates, outlets": "/api/v1/rates?level=outlet",
    "explain, outlet month": "/api/v1/rates/explain?level=outlet&id=O371502-00&period=2026-10&track=completed",
    "explain, county day": "/api/v1/rates/explain?level=county&id=371502&window=day&period=2026-11-01",
    "findings": "/api/v1/findings",
    "alerts": "/api/v1/alerts",
    "cases": "/api/v1/cases",
    "account, a day": "/api/v1/account?from=2026-11-09&to=2026-11-10",
    "report": "/api/v1/reports/monthly?period=2026-06",
    "report, workbook": "/api/v1/reports/monthly?period=2026-06&format=xlsx",
    "report, PDF": "/api/v1/reports/monthly?period=2026-06&format=pdf",
}


def measure(*, full: bool = False) -> dict[str, object]:
    """Milliseconds for every page and route, and which of them miss the target."""
    rounds = ROUNDS * 5 if full else ROUNDS
    with serving(cache_root()) as (address, pid, token):
        headers = {"Authorization": f"Bearer {token}", "Accept-Language": "zh"}
        with httpx.Client(base_url=address, headers=headers, timeout=120) as client:
            pages = {name: timed(client, path, rounds, pid) for name, path in PAGES.items()}
            routes = {name: timed(client, path, rounds, pid) for name, path in ROUTES.items()}
    worst = max(one["p95_ms"] for one in (*pages.values(), *routes.values()))
    return {
        "pages_hours_in_store": len(year_register().outlets) * 3 * int((NOW - START) / timedelta(hours=1)),
        "pages_worst_p95_ms": worst,
        "pages_missing_target": [
            name for group in (pages, routes) for name, one in group.items() if one["p95_ms"] >= TARGET_MS
        ],
        "pages_ms": pages,
        "routes_ms": routes,
    }


def timed(client: httpx.Client, path: str, rounds: int, pid: int) -> dict[str, float]:
    """One address: first answer, then percentiles of the others. [ms]"""
    first = _once(client, path)
    before = _processor_s(pid)
    walls = sorted(_once(client, path) for _ in range(rounds))
    cpu = (_processor_s(pid) - before) / rounds

    def at(share: float) -> float:
        return round(walls[min(len(walls) - 1, int(share * len(walls)))] * 1000, 1)

    return {
        "first_ms": round(first * 1000, 1),
        "p50_ms": round(statistics.median(walls) * 1000, 1),
        "p95_ms": at(0.95),
        "p99_ms": at(0.99),
        "processor_ms": round(cpu * 1000, 1),
    }


def _once(client: httpx.Client, path: str) -> float:
    start = time.perf_counter()
    reply = client.get(path)
    took = time.perf_counter() - start
    if reply.status_code != 200:
        raise RuntimeError(f"{path}: {reply.status_code} {reply.text[:300]}")
    return took


def _processor_s(pid: int) -> float:
    """Processor time that a process has used, all its threads together."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def cache_root() -> Path:
    """Where the year is kept between runs."""
    return Path(tempfile.gettempdir()) / "stackwatch-benchmarks" / "year"


@contextmanager
def serving(folder: Path) -> Iterator[tuple[str, int, str]]:
    """The pages over the year, in a process of their own: address, process id, and a token that may look."""
    home = made(folder)
    with tempfile.TemporaryDirectory() as scratch:
        command = [sys.executable, "-m", "benchmarks.pages_server", str(home), scratch]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            assert server.stdout is not None
            said = json.loads(server.stdout.readline())
            _await(said["address"])
            yield said["address"], server.pid, said["token"]
        finally:
            server.terminate()
            server.wait(30)


def _await(address: str) -> None:
    found = re.fullmatch(r"http://([^:]+):(\d+)", address)
    assert found is not None
    deadline = time.monotonic() + 120
    while True:
        try:
            socket.create_connection((found[1], int(found[2])), 1).close()
            if httpx.get(f"{address}/healthz").status_code == 200:
                return
        except (OSError, httpx.TransportError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
