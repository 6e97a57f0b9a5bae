"""With the demo running live, a frame that a person types into somebody else's MQTT client is answered and shown."""

import asyncio
import csv
import json
import math
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from deploy.engines.mosquitto import client
from emissions.beijing import BEIJING
from hj212.decode import decode
from hj212.message import Message
from tests.docs.blocks import ROOT, blocks

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

SHOWN_WITHIN_S = 2.0
"""What the page promises, in real time. The best of a few packets counts: machines hiccup."""

VALUES = ("17.53", "17.54", "17.55")


class Demo:
    """A running interactive demo."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.output = folder / "demo.out"
        arguments = ["demo", "--scenario", "small", "--port", "0", "--data", str(folder / "data")]
        with self.output.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "stackwatch", *arguments], stdout=out, stderr=subprocess.STDOUT
            )

    def until_live(self) -> dict[str, str]:
        deadline = time.monotonic() + 240
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.output.read_text()
            if "live" in self.output.read_text():
                return json.loads((self.folder / "data" / "run.json").read_text())
            time.sleep(0.2)
        pytest.fail(f"the demo did not go live: {self.output.read_text()}")

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(60)


@pytest.fixture
def demo(tmp_path):
    running = Demo(tmp_path)
    yield running
    if running.process.poll() is None:
        running.process.kill()
        running.process.wait()


def registered(run: dict[str, str]) -> tuple[str, str]:
    with (Path(run["register"]) / "outlets.csv").open(encoding="utf-8-sig", newline="") as file:
        outlet = next(row for row in csv.DictReader(file) if row["mn"])
    return outlet["id"], outlet["mn"]


def test_a_frame_typed_by_hand_is_answered_and_stands_on_the_outlets_page(demo, tmp_path):
    run = demo.until_live()
    outlet, mn = registered(run)
    address = urlsplit(run["mqtt"])
    where = ["-h", address.hostname, "-p", str(address.port), "-q", "1"]
    listening = subprocess.Popen(
        [
            "stdbuf",
            "-oL",
            *client("mosquitto_sub"),
            *where,
            "-t",
            f"hj212/{mn}/down",
            "-d",
            "-W",
            "90",
            "-F",
            "PAYLOAD %p",
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    taken = []
    try:
        for line in listening.stdout:
            if "SUBACK" in line:
                break
        for value in VALUES:
            packet = typed(mn, value, tmp_path)
            subprocess.run([*client("mosquitto_pub"), *where, "-t", f"hj212/{mn}/up", "-f", str(packet)], check=True)
            sent = time.monotonic()
            qn = decode(packet.read_bytes()).qn
            answer = next(a for a in answers(listening) if a.qn == qn)
            assert (answer.cn, answer.mn, answer.st) == ("9014", mn, "91")
            taken.append(until_shown(run["web"], logged_in(run), outlet, value, sent))
    finally:
        listening.kill()
        listening.communicate()
    assert min(taken) < SHOWN_WITHIN_S, taken
    assert "CN=9014" in as_the_readme_says(mn, address.port, tmp_path)
    asyncio.run(websocket_opens(run["web"], logged_in(run)))
    children = dict(run["pids"])
    assert demo.stop() == 0, demo.output.read_text()
    assert not [name for name, pid in children.items() if alive(pid)], "something was left running"


def as_the_readme_says(mn: str, port: int, folder: Path) -> str:
    """Run the README's own commands, to the letter."""
    for name in ("mosquitto_pub", "mosquitto_sub"):
        (folder / name).write_text(f'#!/bin/sh\nexec {shlex.join(client(name))} "$@"\n')
        (folder / name).chmod(0o755)
    path = f"{folder}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    return subprocess.check_output(
        ["bash", "-ec", blocks(ROOT / "README.md", "sh")[0]],
        cwd=folder,
        env={**os.environ, "PATH": path, "MN": mn, "PORT": str(port)},
        text=True,
    )


def typed(mn: str, value: str, folder: Path) -> Path:
    """A frame of this moment, as the README has it typed."""
    packet = folder / "packet.txt"
    stamp = datetime.now(BEIJING).strftime("%Y%m%d%H%M%S")
    command = [sys.executable, "-m", "stackwatch", "frame", "--mn", mn, "--data-time", stamp]
    packet.write_bytes(subprocess.check_output([*command, f"a21026-Rtd={value}", "a21026-Flag=N", "a19001-Rtd=6.1"]))
    return packet


def answers(listening):
    for line in listening.stdout:
        if line.startswith("PAYLOAD "):
            decoded = decode(line.removeprefix("PAYLOAD ").strip().encode())
            assert isinstance(decoded, Message), decoded
            yield decoded
    pytest.fail("no answer within a minute")


def logged_in(run: dict[str, str]) -> dict[str, str]:
    """Cookies of somebody who pressed the button of the city's supervisor on the log-in page of the demo."""
    with httpx.Client(timeout=10, trust_env=False, base_url=run["web"]) as browser:
        page = browser.get("/", follow_redirects=True)
        forms = re.findall(r"<form.*?</form>", page.text, re.DOTALL)
        form = next(form for form in forms if 'name="login" value="city-supervisor"' in form)
        fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))
        assert browser.post("/login", data=fields).headers["location"] == "/"
        return dict(browser.cookies)


def until_shown(web: str, cookies: dict[str, str], outlet: str, value: str, since: float) -> float:
    """Seconds from the sending until the outlet's page holds the value.

    Infinite where it does not: the page shows the newest sample, and the simulated logger of the same outlet may have
    sent one in the same moment.
    """
    with httpx.Client(timeout=10, trust_env=False, cookies=cookies) as browser:
        deadline = since + 20
        while time.monotonic() < deadline:
            if value in browser.get(f"{web}/outlets/{outlet}").text:
                return time.monotonic() - since
            time.sleep(0.25)
    return math.inf


async def websocket_opens(web: str, cookies: dict[str, str]) -> None:
    """The page's live connection is there as well, for whoever is logged in."""
    address = f"{web.replace('http', 'ws')}/_nicegui_ws/socket.io/?EIO=4&transport=websocket"
    cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
    async with connect(address, additional_headers={"Cookie": cookie}) as socket:
        assert (await socket.recv()).startswith("0")
    with pytest.raises(InvalidStatus):
        async with connect(address):
            pass


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
