"""The path of a newcomer, and then of who operates what now runs, walked to the letter: every command of two documents,
in one shell, on real engines."""

import os
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.engines.mosquitto import client
from stackwatch.embedded.ports import free_port
from tests.docs.blocks import ROOT, blocks

WITHIN_S = 400


# Between the documents' own lines: what has happened to the person whom docs/operations.md helps.
FORGOTTEN = """
cp -r register whole-register
sed -i /88888880000001/d register/outlets.csv
"""
"""An outlet was left out of the register when the platform was started,"""
REFUSED = """
stackwatch frame --mn 88888880000001 --cn 2061 --data-time $HOUR a21026-Avg=80.0 a21026-Flag=N > forgotten.txt
mosquitto_pub -h ${BROKER%:*} -p ${BROKER#*:} -q 1 -t hj212/88888880000001/up -f forgotten.txt
cp whole-register/outlets.csv register/
until stackwatch redrive --reason unknown_mn --all --dry-run --json | tee redrive.json | grep -q '"examined":1'
do sleep 0.5; done
"""
"""and its packets were put aside until somebody mended that."""
REBUILT = """
stackwatch replay --out afterwards
grep -q 88888880000001 afterwards/feed.ndjson
"""


@pytest.mark.timeout(1800)
def test_every_command_works_in_its_order(tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    for name in ("deploy", "rulebook"):
        (checkout / name).symlink_to(ROOT / name)
    (checkout / ".venv").symlink_to(sys.prefix)
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("mosquitto_pub", "mosquitto_sub"):
        (tools / name).write_text(f'#!/bin/sh\nexec {shlex.join(client(name))} "$@"\n')
        (tools / name).chmod(0o755)
    first, *started, last = blocks(ROOT / "docs" / "getting-started.md", "sh")
    operated = blocks(ROOT / "docs" / "operations.md", "sh")
    script = "\n".join(["set -euo pipefail", first, FORGOTTEN, *started, REFUSED, *operated, REBUILT, last])
    environment = {name: value for name, value in os.environ.items() if not name.startswith("STACKWATCH_")}
    environment |= {
        "PATH": f"{tools}:{environment['PATH']}",
        "PORT": str(free_port()),
    }
    output = tmp_path / "output.txt"
    with output.open("w") as told:
        shell = subprocess.Popen(
            ["bash", "-c", script], cwd=checkout, env=environment, stdout=told, stderr=told, start_new_session=True
        )
        try:
            code = shell.wait(WITHIN_S)
        finally:
            if shell.poll() is None:
                os.killpg(shell.pid, signal.SIGKILL)
    logs = "\n".join(f"--- {log.name}\n{log.read_text()[-2000:]}" for log in sorted(checkout.glob("city/*.log")))
    said = output.read_text()
    assert code == 0, f"{said[-4000:]}\n{logs}"
    assert "hourly_exceedance" in said
    assert "CN=9014" in said
    shutil.rmtree(checkout)
