"""The whole path with every door locked: TLS and logins everywhere, and each process with its own rights alone."""

import asyncio
import contextlib
import re
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest
from aiokafka import AIOKafkaProducer

from contracts.codec import decode
from contracts.rights import RIGHTS, Right, rights_of
from contracts.topics import ALERTS, FINDINGS, HOURS, PACKETS, QUARANTINE, RATES
from deploy.engines import KafkaEngine
from emissions.beijing import BEIJING
from emissions.event import Mark
from hj212.decode import decode as decode_frame
from hj212.encode import message
from hj212.moments import qn_of, text_of
from stackwatch.embedded.ports import free_port
from stackwatch.embedded.supervisor import Supervisor
from stackwatch.held_clock import HeldClock
from stackwatch.process import kafka_address
from stackwatch.settings import Settings, list_settings
from tests.integration.recorded import everything_in
from tests.security.broker import wait_for
from tests.security.conftest import LOGINS, MN, OTHER, PASSWORDS, REGISTER, Authority, Field
from web.feed import KafkaFeed
from web.packets import KafkaPackets

NOW = datetime(2026, 11, 24, 11, 0, 10, tzinfo=BEIJING)
PROCESSES = ("gateway", "rollcall", "worker", "alerts", "web", "relay")
WEBHOOK = "webhook-kn0wn-s3cret"
SESSION = "session-kn0wn-s3cret-of-the-pages-0123456789"
OUTLETS = {MN: "E01-1", OTHER: "E02-1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """Processes that run, each with its own login."""

    env: dict[str, dict[str, str]]
    folder: Path
    kafka: KafkaEngine
    field: Field
    web: str
    health: dict[str, int]
    trust: ssl.SSLContext
    begun: int
    """Where the broker's log stood when the processes began."""

    def lines(self, topic) -> list[bytes]:
        """All lines of a topic, read past all rights."""
        return asyncio.run(everything_in(self.kafka.admin, topic))

    def metric(self, process: str, name: str) -> float:
        """A metric of a process; 0 while there is none."""
        text = httpx.get(f"http://127.0.0.1:{self.health[process]}/metrics", trust_env=False, timeout=30).text
        return sum(float(line.rpartition(" ")[2]) for line in text.splitlines() if re.match(rf"{name}[ {{]", line))


def hour_packet(mn: str, hour: datetime, value: str) -> bytes:
    values = {code: {"Avg": value, "ZsAvg": value, "Flag": "N"} for code in ("a34013", "a21026", "a21002")}
    return message(
        qn=qn_of(hour), st="31", cn="2061", mn=mn, flag=5, data_time=text_of(hour),
        values=values | {"a19001": {"Avg": "6.0", "Flag": "N"}},
    )  # fmt: skip


@pytest.fixture(scope="module")
def system(
    field: Field,
    authority: Authority,
    guarded_kafka: KafkaEngine,
    kafka_login: Callable[[str], dict[str, str]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[System]:
    folder = tmp_path_factory.mktemp("system")
    certificate, key = authority.server("web", "127.0.0.1")
    health = {name: free_port() for name in PROCESSES}
    begun = len(guarded_kafka.process.log.read_text())
    with HeldClock.create(folder / "clock", NOW) as clock, Supervisor(folder / "logs", {}) as supervisor:
        (folder / "session").write_text(SESSION)
        (folder / "webhook").write_text(f"json://stackwatch:{WEBHOOK}@hooks.invalid/{WEBHOOK}?token={WEBHOOK}")
        everywhere = {
            "STACKWATCH_SESSION_SECRET_FILE": str(folder / "session"),
            "STACKWATCH_WEBHOOK_URL_FILE": str(folder / "webhook"),
            "STACKWATCH_CLOCK": clock.url,
            "STACKWATCH_REGISTER": str(REGISTER),
            "STACKWATCH_SERIES": f"sqlite:///{folder}/series.sqlite",
            "STACKWATCH_DATABASE": f"sqlite:///{folder}/alerts.sqlite",
            "STACKWATCH_LOG_LEVEL": "debug",
            "STACKWATCH_RELAY_PORT": "0",
            "STACKWATCH_GATEWAY_RATE": "20",
            "STACKWATCH_GATEWAY_BURST": "60",
            "STACKWATCH_WEB_PORT": str(health["web"]),
            "STACKWATCH_WEB_CERTIFICATE_FILE": str(certificate),
            "STACKWATCH_WEB_KEY_FILE": str(key),
            "NICEGUI_STORAGE_PATH": str(folder / "nicegui"),
        }
        env = {}
        for name in PROCESSES:
            env[name] = everywhere | {"STACKWATCH_HEALTH_PORT": "0" if name == "web" else str(health[name])}
            if name in RIGHTS:
                env[name] |= kafka_login(name)
            if name in LOGINS:
                env[name] |= field.platform(name)
            more = ["--since", "2026-11-24"] if name == "rollcall" else []
            supervisor.start(name, name, *more, env=env[name])
        started = System(
            env=env,
            folder=folder,
            kafka=guarded_kafka,
            field=field,
            web=f"https://127.0.0.1:{health['web']}",
            health=health,
            trust=ssl.create_default_context(cafile=authority.file),
            begun=begun,
        )
        for name in PROCESSES:
            wait_for(
                lambda name=name: is_ready(started, name) or supervisor.failures(), f"a ready {name}", deadline_s=90
            )
        assert not supervisor.failures()
        yield started
        assert supervisor.restarts() == dict.fromkeys(PROCESSES, 0)


def is_ready(system: System, name: str) -> bool:
    scheme = "https" if name == "web" else "http"
    with contextlib.suppress(httpx.TransportError):
        url = f"{scheme}://127.0.0.1:{system.health[name]}/readyz"
        return httpx.get(url, verify=system.trust, trust_env=False).is_success
    return False


@pytest.fixture(scope="module")
def told(system: System) -> System:
    """The system, after an exceeded hour has come in and has become an alert."""
    with system.field.log_in(MN) as logger:
        logger.subscribe(f"hj212/{MN}/down")
        assert logger.publish(f"hj212/{MN}/up", hour_packet(MN, NOW.replace(hour=9, minute=0, second=0), "88.0")) == (
            "Success"
        )
        wait_for(lambda: any(b"hourly_exceedance" in line for line in system.lines(ALERTS)), "the alert", deadline_s=60)
        answers = wait_for(lambda: logger.received, "the answer")
    assert decode_frame(answers[0][1]).cn == "9014"
    return system


def test_an_exceeded_hour_becomes_an_alert_though_every_door_is_locked(told: System) -> None:
    assert any(b'"exceeded"' in line for line in told.lines(HOURS))
    assert told.lines(RATES)


def test_a_replayed_packet_has_no_effect(told: System) -> None:
    hour = NOW.replace(hour=9, minute=0, second=0)
    before = hours_of(told, MN)
    counted = told.metric("gateway", "stackwatch_gateway_relayed_total")
    with told.field.log_in(MN) as logger:
        logger.publish(f"hj212/{MN}/up", hour_packet(MN, hour, "88.0"))
        # What comes behind it has been judged after it.
        logger.publish(f"hj212/{MN}/up", hour_packet(MN, hour - timedelta(hours=1), "4.0"))
    wait_for(lambda: told.metric("gateway", "stackwatch_gateway_relayed_total") == counted + 2, "both in the feed")
    wait_for(lambda: len(hours_of(told, MN)) > len(before), "the next hour is judged", deadline_s=60)
    assert [line for line in hours_of(told, MN) if line.hour == hour] == [line for line in before if line.hour == hour]


def hours_of(system: System, mn: str) -> list:
    found = (decode(line) for line in system.lines(HOURS))
    return [line for line in found if getattr(line, "kind", "") == "hour" and line.outlet == OUTLETS[mn]]


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        pytest.param(hour_packet(OTHER, NOW.replace(hour=8, minute=0, second=0), "1.0"), "mn_mismatch", id="another's"),
        pytest.param(
            message(
                qn=qn_of(NOW), st="31", cn="2061", mn=OTHER, flag=5,
                data_time=text_of(NOW.replace(hour=8, minute=0, second=0)), values={"a21026": {"Avg": "0.1"}},
            ),
            "mn_mismatch",
            id="another's, edited, its checksum put right",
        ),
        pytest.param(
            hour_packet(MN, NOW.replace(hour=7, minute=0, second=0), "88.0").replace(b"88.0", b"08.0", 1),
            "crc",
            id="one's own, edited on the way",
        ),
    ],
)  # fmt: skip
def test_a_frame_from_the_wrong_login_is_refused(told: System, frame: bytes, reason: str) -> None:
    def refused() -> int:
        rejected = (decode(line) for line in told.lines(QUARANTINE))
        return sum(one.mn == MN and one.reason == reason for one in rejected)

    before, others = refused(), len(hours_of(told, OTHER))
    with told.field.log_in(MN) as logger:
        logger.subscribe(f"hj212/{MN}/down")
        logger.publish(f"hj212/{MN}/up", frame)
        wait_for(lambda: refused() == before + 1, "its quarantine")
        assert logger.received == []
    assert len(hours_of(told, OTHER)) == others


def test_a_flood_of_one_logger_hurts_nobody_and_loses_nothing(told: System) -> None:
    many = 400
    start = NOW.replace(hour=6, minute=0, second=0)
    flood = [
        message(qn=f"20261124{n:09d}", st="31", cn="2011", mn=OTHER, flag=4, data_time=text_of(start),
                values={"a21026": {"Rtd": f"{n}.5"}})
        for n in range(many)
    ]  # fmt: skip
    with told.field.log_in(OTHER) as flooder, told.field.log_in(MN) as other:
        other.subscribe(f"hj212/{MN}/down")
        for frame in flood:
            flooder.send(f"hj212/{OTHER}/up", frame)
        other.publish(f"hj212/{MN}/up", hour_packet(MN, NOW.replace(hour=5, minute=0, second=0), "4.0"))
        wait_for(lambda: other.received, "the other's answer, in the midst of the flood")
        in_line = told.metric("gateway", "stackwatch_gateway_paced_total")
        refused = wait_for(lambda: told.metric("gateway", "stackwatch_gateway_flooded_total"), "what is too much")
        assert in_line > 0
        assert refused > 0
        wait_for(lambda: told.metric("gateway", "stackwatch_gateway_in_flight") == 0, "all of it", deadline_s=60)
        kept = b"\n".join(told.lines(PACKETS) + [line for line in told.lines(QUARANTINE) if b'"flood"' in line])
        # Of what waits nothing is acknowledged, and it comes in its turn.
        wait_for(
            lambda: count(told, flood) == many, "every frame of the flood, in the feed or in quarantine", deadline_s=60
        )
    assert kept
    assert "floods" in (told.folder / "logs" / "gateway.log").read_text()


def count(system: System, frames: list[bytes]) -> int:
    everything = b"\n".join(system.lines(PACKETS) + system.lines(QUARANTINE))
    return sum(frame.strip().split(b";")[0].partition(b"QN=")[2] in everything for frame in frames)


def test_a_payload_of_a_megabyte_stops_nothing(told: System) -> None:
    with told.field.log_in(OTHER) as logger:
        assert logger.publish(f"hj212/{OTHER}/up", b"#" * 1_000_000) in {"gone", "Packet too large"}
    with told.field.log_in(MN) as other:
        other.subscribe(f"hj212/{MN}/down")
        other.publish(f"hj212/{MN}/up", hour_packet(MN, NOW.replace(hour=4, minute=0, second=0), "4.0"))
        wait_for(lambda: other.received, "an answer")


def test_a_client_that_never_finishes_its_sentence_stops_nothing(told: System) -> None:
    import socket

    with contextlib.ExitStack() as stack:
        for _ in range(50):
            line = stack.enter_context(socket.create_connection(("127.0.0.1", told.field.broker.ports[8883])))
            line.sendall(b"\x16\x03\x01\x02")  # the first bytes of a handshake
        with told.field.log_in(MN) as other:
            other.subscribe(f"hj212/{MN}/down")
            other.publish(f"hj212/{MN}/up", hour_packet(MN, NOW.replace(hour=3, minute=0, second=0), "4.0"))
            wait_for(lambda: other.received, "an answer")


def test_the_pages_speak_tls_only(told: System) -> None:
    assert httpx.get(f"{told.web}/healthz", verify=told.trust, trust_env=False).status_code == 200
    with pytest.raises(httpx.TransportError):
        httpx.get(f"http://127.0.0.1:{told.health['web']}/healthz", trust_env=False)
    with pytest.raises(httpx.ConnectError, match="Hostname mismatch"):
        httpx.get(f"https://localhost:{told.health['web']}/healthz", verify=told.trust, trust_env=False)


async def use_the_pages_own_rights(system: System) -> None:
    """What the pages do when a person marks an hour, and when one asks for the frame behind a value."""
    address = kafka_address(settings_of(system.env["web"]))
    feed, packets = KafkaFeed(address), KafkaPackets(address)
    try:
        start = NOW - timedelta(hours=5)
        mark = Mark(id="m1", outlet="E01-1", mn=MN, mark="fault", from_=start, to=NOW, entered_at=NOW, by="a person")
        await feed.send(mark)
        await packets.find(MN, since=NOW - timedelta(minutes=1), until=NOW)
    finally:
        await feed.close()
        await packets.close()


async def put_garbage(system: System) -> None:
    """Lines that nobody can read, so that those who meet them put them into quarantine."""
    async with AIOKafkaProducer(bootstrap_servers=system.kafka.admin) as producer:
        for topic in (PACKETS, FINDINGS):
            await producer.send_and_wait(topic.name, b"not a line", key=b"0", partition=0)


def settings_of(env: dict[str, str]) -> Settings:
    return Settings(**{name.removeprefix("STACKWATCH_").lower(): value for name, value in env.items()})


DECIDED = re.compile(
    r"Principal = User:(\w+) is (Allowed|Denied) operation = (\w+) .* on resource = (\w+):LITERAL:(\S+) for request"
)


def test_each_process_uses_every_right_it_has_and_asks_for_no_other(told: System) -> None:
    asyncio.run(use_the_pages_own_rights(told))
    asyncio.run(put_garbage(told))
    with told.field.log_in(MN) as logger:
        logger.publish(f"hj212/{MN}/up", b"no frame")

    def decided(verdict: str) -> set[tuple[str, str, str, str]]:
        """Process, resource, operation and name of each decision."""
        found = DECIDED.findall(told.kafka.process.log.read_text()[told.begun :])
        return {
            (process, resource.lower(), operation.replace("_", "").lower(), name)
            for process, word, operation, resource, name in found
            if word == verdict and process in RIGHTS
        }

    def unused() -> list[tuple[str, Right]]:
        asked = decided("Allowed")

        def needed(process: str, right: Right) -> bool:
            begin = (process, right.resource, right.operation.lower())
            names = {name for *one, name in asked if tuple(one) == begin}
            return any(name.startswith(right.name) if right.prefixed else name == right.name for name in names)

        return [(process, right) for process in RIGHTS for right in rights_of(process) if not needed(process, right)]

    deadline = time.monotonic() + 30
    while (left := unused()) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert not left
    assert not decided("Denied")


def test_no_secret_is_in_anything_that_the_processes_say(told: System) -> None:
    known = [SESSION, WEBHOOK, *PASSWORDS.values(), *LOGINS.values(), *told.field.passwords.values()]
    known += [f"{name}-mqtt-kn0wn-s3cret" for name in LOGINS]
    said = {path.name: path.read_text() for path in (told.folder / "logs").iterdir()}
    for name in PROCESSES:
        given = settings_of(told.env[name])
        said[f"settings of {name}"] = f"{given!r} {given} {list(list_settings(given))}"
    for options in ([], ["--env"]):
        command = [sys.executable, "-m", "stackwatch", "doctor", *options]
        done = subprocess.run(command, env=told.env["alerts"], capture_output=True, text=True, check=False)
        said[f"doctor {options}"] = done.stdout + done.stderr
    assert said.keys() >= {f"{name}.log" for name in PROCESSES}
    assert not [line for text in said.values() for line in text.splitlines() if any(word in line for word in known)]
