"""Known vulnerabilities of what is pinned, as pip-audit finds them, and whether it could look at all.

pip-audit calls a package that its service does not know "skipped" and ends as if all were well. A mirror without the
service answers so for every package; that is no audit, and is not taken for one.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.supply_chain.lock import Pin

TIMEOUT_S = 15
"""A service that has not answered one question after this is taken for away. [s]"""


@dataclass(frozen=True, slots=True)
class Audit:
    """What came out."""

    vulnerable: tuple[str, ...] = ()
    """``name version: id, fixed in …`` of each finding."""
    unseen: tuple[str, ...] = ()
    """Why nothing, or not everything, could be looked at."""


Run = Callable[[Sequence[Pin]], tuple[int, str, str]]
"""Runs pip-audit over some pins: exit code, what it printed, what it complained of."""


def audit(pins: Sequence[Pin], *, run: Run | None = None) -> Audit:
    """Ask about one pin first; only where that is answered about all."""
    ask = run or _pip_audit
    first = _read(*ask(pins[:1]))
    return first if first.unseen else _read(*ask(pins))


def _read(code: int, printed: str, complaint: str) -> Audit:
    try:
        dependencies = json.loads(printed)["dependencies"]
    except (ValueError, KeyError, TypeError):
        last = complaint.strip().splitlines()
        return Audit(unseen=(last[-1][:300] if last else f"pip-audit ended with {code} and said nothing",))
    vulnerable = tuple(
        f"{one['name']} {one['version']}: {hit['id']}, fixed in {', '.join(hit['fix_versions']) or 'no version yet'}"
        for one in dependencies
        for hit in one.get("vulns", ())
    )
    return Audit(vulnerable, tuple(one["skip_reason"] for one in dependencies if "skip_reason" in one))


def _pip_audit(pins: Sequence[Pin]) -> tuple[int, str, str]:
    lines = [
        f"{pin.name}=={pin.version}" + "".join(f" --hash=sha256:{digest}" for digest in pin.hashes) for pin in pins
    ]
    with tempfile.TemporaryDirectory(prefix="audit.") as folder:
        file = Path(folder) / "requirements.txt"
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        options = ["--requirement", str(file), "--disable-pip", "--require-hashes", "--format", "json"]
        command = [
            sys.executable,
            "-m",
            "pip_audit",
            *options,
            "--progress-spinner",
            "off",
            "--timeout",
            str(TIMEOUT_S),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr
