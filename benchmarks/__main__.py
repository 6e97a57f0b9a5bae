"""Run every benchmark, write ``benchmarks/results.json``, and put the tables into ``docs/benchmarks.md``.

``python -m benchmarks [--full] [decode|judge|judging|path|pages ...]``: without names all of them; what is not measured
again keeps its figures of before, with the commit they were taken at.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks import decode, judge, judging, page, pages, path, usage
from deploy.engines import EngineError

RESULTS = Path(__file__).parent / "results.json"
PARTS: dict[str, Callable[[bool], dict[str, object]]] = {
    "decode": lambda _: dict(decode.measure()),
    "judge": lambda _: dict(judge.measure()),
    "judging": lambda full: judging.measure(full=full),
    "path": lambda full: path.measure(full=full),
    "pages": lambda full: pages.measure(full=full),
}


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Speed, on real engines.")
    parser.add_argument(
        "part", nargs="*", metavar="PART", choices=[*PARTS, []], default=[], help="only these (default: all)"
    )
    parser.add_argument("--full", action="store_true", help="the long form: five minutes and a million packets")
    wanted = parser.parse_args()
    names = wanted.part or list(PARTS)
    before = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    here = {
        "machine": f"{usage.machine()}, Python {platform.python_version()}",
        "commit": commit.stdout.strip(),
        "form": "full" if wanted.full else "short",
    }
    results: dict[str, object] = dict(before) if wanted.part else {}
    results |= here
    for name in names:
        load = os.getloadavg()[0]
        try:
            measured = PARTS[name](wanted.full)
        except EngineError as error:
            sys.exit(f"benchmarks: {error}")
        results |= measured | {f"{name}_taken": here | {"load_before": round(load, 2)}}
        for key, value in measured.items():
            print(f"{key:28} {value}", flush=True)
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    page.write(results)


if __name__ == "__main__":
    main()
