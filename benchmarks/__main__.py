"""Run every benchmark and write ``benchmarks/results.json``."""

import json
import platform
import subprocess
from pathlib import Path

from benchmarks import decode, judge

RESULTS = Path(__file__).parent / "results.json"


def main() -> None:
    """Measure, print, write."""
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    results: dict[str, object] = {
        "machine": f"{platform.machine()}, Python {platform.python_version()}",
        "commit": commit.stdout.strip(),
    }
    results |= decode.measure() | judge.measure()
    for name, value in results.items():
        print(f"{name:28} {value}")
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
