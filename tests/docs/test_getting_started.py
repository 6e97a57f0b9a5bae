"""The path of a newcomer, walked to the letter: every command of the document, in one shell, on real engines."""

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

WITHIN_S = 240


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("document", ["getting-started.md"])
def test_every_command_works_in_its_order(document: str, tmp_path: Path) -> None:
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
    script = "\n".join(["set -euo pipefail", *blocks(ROOT / "docs" / document, "sh")])
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
