"""The alert process as in production: real brokers, a real database, a real endpoint; killed and started again."""

import asyncio
import json
import os
import queue
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import httpx
import paho.mqtt.client as paho
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.structs import TopicPartition
from paho.mqtt.enums import CallbackAPIVersion

from alerts.database import open_database
from alerts.policy import Policy
from alerts.repository import Repository
from contracts.codec import bundle, encode
from contracts.kafka_address import KafkaAddress
from contracts.topics import ALERTS, FINDINGS, QUARANTINE
from deploy.engines import PostgresEngine, postgresql
from emissions.finding import Case, Finding
from stackwatch.audit_check import anchors_of_kafka
from stackwatch.embedded.nats import mqtt_broker
from stackwatch.embedded.ports import free_port
from tests.conformance.endpoint import Endpoint, endpoint
from tests.unit.alerts.notices_suite import NoticesOnEveryDatabase
from tests.unit.alerts.repository_suite import RepositorySuite
from tests.unit.alerts.scene import COUNTY, T0, exceedance, low_rate, numbered, silence

DEADLINE_S = 60
Result = TypeVar("Result")


async def until(ask: Callable[[], Result], *, process: "Process | None" = None) -> Result:
    """The first answer that is true; fails after a deadline, or when the process has ended."""
    deadline = time.monotonic() + DEADLINE_S
    while not (answer := await asyncio.to_thread(ask)):
        assert time.monotonic() < deadline, f"it did not come to that in time; {process.log() if process else ''}"
        assert process is None or process.child.poll() is None, process.log()
        await asyncio.sleep(0.05)
    return answer


@dataclass
class Process:
    """One run of the alert process."""

    child: subprocess.Popen[bytes]
    output: Path

    def log(self) -> str:
        return self.output.read_text()

    def kill(self) -> None:
        self.child.send_signal(signal.SIGKILL)
        self.child.wait(60)


@dataclass
class Place:
    """Everything around the alert process."""

    kafka: str
    mqtt: str
    folder: Path
    hook: Endpoint
    env: dict[str, str] = field(default_factory=dict)
    runs: int = 0

    @property
    def database(self) -> str:
        return f"sqlite:///{self.folder}/alerts.sqlite"

    @contextmanager
    def running(self, **more: str) -> Iterator[Process]:
        """The process, asked to stop at the end of the block and then gone within the deadline."""
        self.runs += 1
        output = self.folder / f"alerts-{self.runs}.log"
        secret = self.folder / "webhook"
        secret.write_text(f"{self.hook.url('http')}?cto=1&rto=1\n")
        env = {
            "STACKWATCH_KAFKA": self.kafka,
            "STACKWATCH_MQTT": self.mqtt,
            "STACKWATCH_DATABASE": self.database,
            # Fast enough that a notice does not wait long for others of its kind, slow enough for no deadline.
            "STACKWATCH_CLOCK": f"{T0.isoformat()}@30",
            "STACKWATCH_WEBHOOK_URL_FILE": str(secret),
            "STACKWATCH_WEBHOOK_NETWORKS": "127.0.0.0/8",
        }
        with output.open("wb") as file:
            child = subprocess.Popen(
                [sys.executable, "-m", "stackwatch", "alerts"],
                env=os.environ | env | self.env | more,
                stdout=file,
                stderr=subprocess.STDOUT,
            )
        process = Process(child, output)
        try:
            yield process
            if child.poll() is None:
                child.terminate()
                assert child.wait(DEADLINE_S) == 0, process.log()
        finally:
            if child.poll() is None:
                process.kill()

    @contextmanager
    def desk(self) -> Iterator[Repository]:
        desk = Repository.open(self.database, policy=Policy())
        yield desk
        desk.engine.dispose()

    async def produce(self, *payloads: bytes) -> None:
        producer = AIOKafkaProducer(bootstrap_servers=self.kafka, acks="all")
        await producer.start()
        try:
            for payload in payloads:
                await producer.send_and_wait(FINDINGS.name, payload, key=COUNTY.encode())
        finally:
            await producer.stop()

    async def alert_events(self) -> list[dict[str, Any]]:
        """What was published of alerts and cases; proposals and the heads of audit logs stand beside them."""
        lines = await self.read(ALERTS.name, ALERTS.partitions)
        return [line for line in lines if line["kind"] in {"alert", "case"}]

    async def read(self, topic: str, partitions: int) -> list[dict[str, Any]]:
        """All of a topic that is there now."""
        consumer = AIOKafkaConsumer(bootstrap_servers=self.kafka, auto_offset_reset="earliest")
        await consumer.start()
        try:
            parts = [TopicPartition(topic, n) for n in range(partitions)]
            consumer.assign(parts)
            await consumer.seek_to_beginning(*parts)
            ends = await consumer.end_offsets(parts)
            lines = []
            while any([await consumer.position(part) < ends[part] for part in parts]):
                for records in (await consumer.getmany(timeout_ms=200)).values():
                    lines += [json.loads(record.value) for record in records]
            return lines
        finally:
            await consumer.stop()

    @asynccontextmanager
    async def listening(self, topic: str) -> AsyncIterator["queue.Queue[tuple[str, dict[str, Any]]]"]:
        """What arrives on an MQTT topic."""
        heard: queue.Queue[tuple[str, dict[str, Any]]] = queue.Queue()
        ready = asyncio.Event()
        loop = asyncio.get_running_loop()
        client = paho.Client(CallbackAPIVersion.VERSION2, client_id="listener")
        client.on_connect = lambda c, *_: c.subscribe(topic, qos=1)
        client.on_subscribe = lambda *_: loop.call_soon_threadsafe(ready.set)
        client.on_message = lambda _c, _d, message: heard.put((message.topic, json.loads(message.payload)))
        host, port = self.mqtt.removeprefix("mqtt://").split(":")
        client.connect(host, int(port))
        client.loop_start()
        try:
            await asyncio.wait_for(ready.wait(), 20)
            yield heard
        finally:
            client.disconnect()
            client.loop_stop()


@pytest.fixture
def place(kafka, mqtt, tmp_path: Path) -> Iterator[Place]:
    with endpoint() as hook:
        yield Place(kafka=kafka.url, mqtt=mqtt.url, folder=tmp_path, hook=hook, env=dict(kafka.env))


async def test_a_finding_becomes_an_alert_an_event_an_mqtt_message_and_a_notice(place: Place) -> None:
    with place.desk() as desk:
        async with place.listening("alerts/#") as heard:
            with place.running() as process:
                await place.produce(bundle([exceedance(1), low_rate("2026-10")]), encode(exceedance(1)))
                await until(lambda: len(place.hook.delivered) == 3 and heard.qsize() == 3, process=process)
                # A receiver has a notice a moment before the desk knows that it has.
                await until(lambda: desk.backlog() == {}, process=process)
            assert [(a.id, a.state) for a in desk.alerts()] == [("f1", "raised")]
            (case,) = desk.cases()
            events = await place.alert_events()
            assert [(e["kind"], e["id"], e["event"]) for e in events] == [
                ("alert", "f1", "raised"),
                ("case", case.id, "opened"),
            ]
            assert events[0]["hash"] == desk.timeline("f1")[0].hash
            spoken = [heard.get_nowait() for _ in range(3)]
            alerting = [(topic, event) for topic, event in spoken if event["kind"] != "proposal"]
            assert alerting == [(f"alerts/{COUNTY}", event) for event in events]
            titles = {body["event_id"]: body["title"] for body in place.hook.delivered}
            assert set(titles) == {event["event_id"] for _, event in spoken}
            assert "小时均值超标" in titles[events[0]["event_id"]]


async def test_a_line_that_cannot_be_used_goes_to_quarantine_and_the_rest_goes_on(place: Place) -> None:
    bad = [b"not json", b'{"kind":"finding","id":"half"}', b'{"kind":"nobody"}', b"\xff\xfe"]
    hopeless = encode(exceedance(1, name="f9", severity="terrible"))
    with place.desk() as desk, place.running() as process:
        await place.produce(
            b"\n".join([bad[0], encode(exceedance(1)), *bad[1:], hopeless]), encode(exceedance(2, name="f2"))
        )
        await until(lambda: len(desk.alerts()) == 2, process=process)
        await until(lambda: len(place.hook.delivered) == 2, process=process)
    lines = await place.read(QUARANTINE.name, QUARANTINE.partitions)
    assert sorted(line["reason"] for line in lines) == ["undecodable"] * 4 + ["unusable"]
    assert {line["line"] for line in lines} >= {"not json", '{"kind":"nobody"}', hopeless.decode()}
    assert all(line["detail"] for line in lines)


async def test_killed_in_the_middle_it_ends_with_the_same_alerts(place: Place) -> None:
    story: list[Finding | Case] = [
        replace(exceedance(hours, name=f"f{n:03}", ended=hours == 3), subject={"outlet": f"o{n:03}"})
        for n in range(120)
        for hours in (1, 2, 3)
    ]
    story = numbered(*story, low_rate("2026-10"), low_rate("2026-10", "2026-11"))
    with place.desk() as desk:
        await place.produce(*(encode(line) for line in story[:180]))
        with place.running() as process:
            await until(lambda: len(desk.alerts()) > 5, process=process)
            process.kill()
        assert len(desk.alerts()) < 120
        await place.produce(*(bundle(story[n : n + 7]) for n in range(150, len(story), 7)))
        with place.running() as process:
            await until(lambda: len(desk.cases()) == 1 and len(desk.alerts(limit=1000)) == 120, process=process)
            await until(lambda: not set(desk.backlog()) - {"channel:webhook"}, process=process)
            raised = {f"f{n:03}" for n in range(120)}
            await until(
                lambda: {i for b in place.hook.delivered if b["event"] == "raised" for i in b["ids"]} == raised,
                process=process,
            )
        for n in range(120):
            alert = desk.alert(f"f{n:03}")
            assert (alert.state, len(alert.evidence["hours"])) == ("raised", 3)
            assert alert.ended_by_data is not None
            assert [e.name for e in desk.timeline(alert.id)] == ["raised", "grew", "ended"]
        assert [e.name for e in desk.case_timeline(desk.cases()[0].id)] == ["opened", "evidence_joined"]
        assert desk.broken_audit() == []
        events = await place.alert_events()
        written = {f"{a.id}:{e.sequence}": e.hash for a in desk.alerts(limit=1000) for e in desk.timeline(a.id)}
        case_id = desk.cases()[0].id
        written |= {f"{case_id}:{e.sequence}": e.hash for e in desk.case_timeline(case_id)}
        assert {event["event_id"]: event["hash"] for event in events} == written


async def test_two_processes_share_the_work_and_one_that_dies_takes_nothing_along(place: Place) -> None:
    outlets = [f"o{n:02}" for n in range(40)]
    story = [silence(outlet) for outlet in outlets]
    with place.desk() as desk, place.running() as one, place.running() as other:
        await place.produce(*(encode(line) for line in story[:20]))
        await until(lambda: len(desk.alerts()) > 3, process=one)
        one.kill()
        await place.produce(*(encode(line) for line in story[10:]))
        await until(lambda: len(desk.alerts(limit=100)) == 40, process=other)
        wanted = {line.id for line in story}
        await until(lambda: {id_ for body in place.hook.delivered for id_ in body["ids"]} == wanted, process=other)
        await until(lambda: not desk.backlog(), process=other)
        assert {tuple(event.name for event in desk.timeline(line.id)) for line in story} == {("raised",)}
        letters = {body["event_id"]: tuple(body["ids"]) for body in place.hook.delivered}
        told = [id_ for ids in letters.values() for id_ in ids]
        assert sorted(told) == sorted(wanted), "sent twice it would be the same letter; no alert stands in two"
        anchors = await asyncio.to_thread(anchors_of_kafka, KafkaAddress(servers=place.kafka))
        assert len(anchors) >= 40
        assert desk.broken_audit(anchors) == []
        with desk.engine.begin() as connection:
            head = "SELECT hash FROM alert_events WHERE sequence = 39"
            connection.exec_driver_sql("DELETE FROM alert_events WHERE sequence = 40")
            connection.exec_driver_sql(
                f"UPDATE audit_chains SET length = 39, hash = ({head}) WHERE name = 'alert_events'"
            )
        assert desk.broken_audit() == []
        assert [(broken.log, broken.sequence) for broken in desk.broken_audit(anchors)] == [("alert_events", 40)]


async def test_a_channel_that_fails_holds_up_nobody_and_gets_its_notices_later(place: Place) -> None:
    place.hook.answers += [500, 500]
    with place.desk() as desk, place.running() as process:
        async with place.listening("alerts/#") as heard:
            await place.produce(encode(exceedance(1)))
            await until(lambda: place.hook.received, process=process)
            assert await asyncio.to_thread(heard.get, True, 20)
            assert [e["event"] for e in await place.alert_events()] == ["raised"]
            await until(lambda: place.hook.delivered, process=process)
        await until(lambda: not desk.backlog(), process=process)
    got = {body["event_id"] for body in place.hook.delivered}
    assert {body["event_id"] for body in place.hook.received} == got
    assert len(place.hook.received) == len(got) + 2


async def test_an_unanswered_alert_climbs_on_the_accelerated_clock(place: Place) -> None:
    with place.desk() as desk, place.running(STACKWATCH_CLOCK=f"{T0.isoformat()}@3600") as process:
        await place.produce(encode(exceedance(1, severity="severe")))
        await until(lambda: (found := desk.alerts()) and found[0].level == "city_supervisor", process=process)
        await until(lambda: {b["event"] for b in place.hook.delivered} >= {"raised", "escalated"}, process=process)
        names = [e.name for e in desk.timeline("f1")]
        assert names[:3] == ["raised", "escalated", "escalated"]


async def test_what_a_person_does_elsewhere_is_published_too(place: Place) -> None:
    with place.desk() as desk, place.running() as process:
        await place.produce(encode(exceedance(1)))
        await until(desk.alerts, process=process)
        desk.acknowledge("f1", by="张三", now=T0)
        await until(lambda: not desk.backlog(), process=process)
    events = await place.alert_events()
    assert [(e["event"], e["by"]) for e in events] == [("raised", "data"), ("acknowledged", "张三")]


async def test_without_an_mqtt_broker_all_else_goes_on_and_its_messages_wait(place: Place) -> None:
    port = free_port()
    place.mqtt = f"mqtt://127.0.0.1:{port}"
    with place.desk() as desk, place.running() as process:
        await place.produce(encode(exceedance(1)))
        await until(lambda: desk.alerts() and set(desk.backlog()) == {"mqtt"}, process=process)
        assert [e["event"] for e in await place.alert_events()] == ["raised"]
        with mqtt_broker(place.folder / "late", port=port):
            async with place.listening("alerts/#") as heard:
                topic, event = await asyncio.to_thread(heard.get, True, DEADLINE_S)
                assert (topic, event["event_id"]) == (f"alerts/{COUNTY}", "f1:1")
            await until(lambda: not desk.backlog(), process=process)


async def test_it_says_that_it_is_able(place: Place) -> None:
    port = free_port()
    with place.running(STACKWATCH_HEALTH_PORT=str(port)) as process:

        def ready() -> bool:
            try:
                return httpx.get(f"http://127.0.0.1:{port}/readyz").text == "ok\n"
            except httpx.TransportError:
                return False

        await until(ready, process=process)


@pytest.mark.parametrize(
    ("env", "says"),
    [
        pytest.param({"STACKWATCH_KAFKA": "127.0.0.1:9"}, "Kafka at 127.0.0.1:9", id="no Kafka"),
        pytest.param({"STACKWATCH_DATABASE": "mysql://x/y"}, "sqlite or postgresql", id="a database of another kind"),
        pytest.param(
            {"STACKWATCH_DATABASE": "postgresql://a:hush@127.0.0.1:9/x?connect_timeout=2"},
            "127.0.0.1:9",
            id="no database",
        ),
        pytest.param({"STACKWATCH_WEBHOOK_URL_FILE": "/dev/null"}, "WEBHOOK_URL_FILE", id="an empty secret"),
        pytest.param({"STACKWATCH_CLOCK": "noon"}, "STACKWATCH_CLOCK", id="no clock"),
    ],
)
def test_what_it_cannot_start_with_is_one_line(tmp_path: Path, env: dict[str, str], says: str) -> None:
    given = {"STACKWATCH_DATABASE": f"sqlite:///{tmp_path}/alerts.sqlite"} | env
    ended = subprocess.run(
        [sys.executable, "-m", "stackwatch", "alerts"],
        check=False,
        env=os.environ | given,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode == 2, ended.stderr
    (line,) = [line for line in ended.stderr.splitlines() if line.startswith("stackwatch:")]
    assert says in line
    assert "Traceback" not in ended.stderr
    assert "hush" not in ended.stderr


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresEngine]:
    with postgresql(tmp_path_factory.mktemp("postgresql")) as running:
        yield running


@pytest.fixture
def emptied(engine: PostgresEngine) -> str:
    """The address of the server's database, without anything in it."""
    database = open_database(engine.url)
    with database.begin() as connection:
        connection.exec_driver_sql("DROP SCHEMA public CASCADE")
        connection.exec_driver_sql("CREATE SCHEMA public")
    database.dispose()
    return engine.url


class TestPostgres(RepositorySuite):
    """The database of production does the same as SQLite."""

    @pytest.fixture
    def url(self, emptied: str) -> str:
        return emptied


class TestPostgresNotices(NoticesOnEveryDatabase):
    """The same for what two processes do to notices."""

    @pytest.fixture
    def url(self, emptied: str) -> str:
        return emptied
