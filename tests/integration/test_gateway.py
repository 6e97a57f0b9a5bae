import asyncio
import contextlib
import json
import os
import signal
from datetime import datetime

import httpx
import pytest

from contracts.codec import decode
from contracts.feed import read_line
from contracts.topics import PACKETS, QUARANTINE, shard_key, shard_partition
from emissions.beijing import BEIJING
from hj212 import encode
from hj212.decode import decode as decode_frame
from rulebook.loader import SHIPPED
from stackwatch.embedded.child import Child
from stackwatch.embedded.ports import free_port
from stackwatch.embedded.supervisor import Supervisor
from stackwatch.embedded.tansu import kafka_broker
from stackwatch.held_clock import HeldClock
from tests.integration.feed import cut, frames_of, numbered
from tests.integration.wire import Client, come_true, read_topic, wait_for
from tests.unit.ingest.town import MN, frame

OTHER_MN = "88888880000001"

REAL_TIME = (
    "##0442QN=20261124100000123;ST=31;CN=2011;PW=123456;MN=010000A8900016F000169DC0;Flag=5;CP=&&DataTime=20261124100000;"
    "a34013-Rtd=2.31,a34013-ZsRtd=2.26,a34013-Flag=N;a21026-Rtd=12.40,a21026-ZsRtd=12.15,a21026-Flag=N;"
    "a21002-Rtd=31.60,a21002-ZsRtd=30.96,a21002-Flag=N;a19001-Rtd=5.69,a19001-Flag=N;a01011-Rtd=11.82,a01011-Flag=N;"
    "a01012-Rtd=51.3,a01012-Flag=N;a01013-Rtd=-0.085,a01013-Flag=N;a01014-Rtd=11.9,a01014-Flag=N;"
    "a00000-Rtd=258.4,a00000-Flag=N&&C0C1"
)
HOUR_FIRST = (
    "##0394QN=20261124110005001;ST=31;CN=2061;PW=123456;MN=010000A8900016F000169DC0;Flag=7;PNUM=2;PNO=1;"
    "CP=&&DataTime=20261124100000;a34013-Cou=2.091,a34013-Min=1.92,a34013-Avg=2.25,a34013-Max=3.04,a34013-ZsMin=1.88,"
    "a34013-ZsAvg=2.20,a34013-ZsMax=2.97,a34013-Flag=N;a21026-Cou=11.431,a21026-Min=9.10,a21026-Avg=12.30,"
    "a21026-Max=17.80,a21026-ZsMin=8.92,a21026-ZsAvg=12.05,a21026-ZsMax=17.44,a21026-Flag=N&&7940"
)
HOUR_SECOND = (
    "##0325QN=20261124110005002;ST=31;CN=2061;PW=123456;MN=010000A8900016F000169DC0;Flag=7;PNUM=2;PNO=2;"
    "CP=&&DataTime=20261124100000;a21002-Cou=28.995,a21002-Min=24.50,a21002-Avg=31.20,a21002-Max=39.90,"
    "a21002-ZsMin=24.00,a21002-ZsAvg=30.57,a21002-ZsMax=39.10,a21002-Flag=N;a19001-Min=5.41,a19001-Avg=5.69,"
    "a19001-Max=6.02,a19001-Flag=N&&6FC0"
)
ANSWER_TO_FIRST = (
    "##0087QN=20261124110005001;ST=91;CN=9014;PW=123456;MN=010000A8900016F000169DC0;Flag=4;CP=&&&&F6C1\r\n"
)
OF_2005 = (
    "##0332ST=31;CN=2011;PW=123456;MN=88888880000001;CP=&&DataTime=20261124100000;01-Rtd=2.31,01-ZsRtd=2.26,01-Flag=N;"
    "02-Rtd=12.40,02-ZsRtd=12.15,02-Flag=N;03-Rtd=31.60,03-ZsRtd=30.97,03-Flag=N;S01-Rtd=5.69,S01-Flag=N;"
    "S02-Rtd=11.82,S02-Flag=N;S03-Rtd=51.3,S03-Flag=N;S05-Rtd=11.9,S05-Flag=N;S08-Rtd=-0.085,S08-Flag=N;"
    "B02-Rtd=258.4,B02-Flag=N&&5A00"
)
BACKFILL_OF_2025 = (
    "##0253QN=20261124110005003;ST=31;CN=2061;PW=123456;MN=010000A8900016F000169DC0;Flag=9;RF=1;"
    "CP=&&DataTime=20261123220000;a21026-Cou=10.120,a21026-Min=8.00,a21026-Avg=10.90,a21026-Max=15.20,a21026-ZsMin=7.84,"
    "a21026-ZsAvg=10.68,a21026-ZsMax=14.89,a21026-Flag=N&&0500"
)
SAMPLES = [(MN, REAL_TIME), (MN, HOUR_FIRST), (MN, HOUR_SECOND), (OTHER_MN, OF_2005), (MN, BACKFILL_OF_2025)]


@pytest.fixture
def env(tmp_path, mqtt, kafka):
    """The environment of a gateway process; its clock stands at 11:00:10 on 24 November."""
    with HeldClock.create(tmp_path / "clock", datetime(2026, 11, 24, 11, 0, 10, tzinfo=BEIJING)) as clock:
        yield {
            **mqtt.env,
            **kafka.env,
            "STACKWATCH_REGISTER": str(SHIPPED / "registers" / "example"),
            "STACKWATCH_CLOCK": clock.url,
            "STACKWATCH_HEALTH_PORT": str(free_port()),
        }


def is_ready(env):
    with contextlib.suppress(httpx.TransportError):
        return httpx.get(f"http://127.0.0.1:{env['STACKWATCH_HEALTH_PORT']}/readyz").status_code == 200
    return False


def metric(env, name):
    text = httpx.get(f"http://127.0.0.1:{env['STACKWATCH_HEALTH_PORT']}/metrics", timeout=30).text
    return next(float(line.split()[1]) for line in text.splitlines() if line.startswith(f"{name} "))


@contextlib.contextmanager
def gateway_process(tmp_path, env):
    with Supervisor(tmp_path / "logs", env) as supervisor:
        supervisor.start("gateway", "gateway")
        wait_for(lambda: is_ready(env), "a ready gateway")
        yield supervisor


async def test_the_sample_packets_stand_in_kafka_as_they_were_sent_and_are_answered(tmp_path, env, mqtt, kafka):
    with gateway_process(tmp_path, env), Client(mqtt.port, "hj212/+/down") as logger:
        for mn, text in SAMPLES:
            logger.publish(f"hj212/{mn}/up", f"{text}\r\n".encode())
        lines = await read_topic(kafka.url, PACKETS.name, enough=lambda lines: len(lines) >= 5)
        await come_true(lambda: len(logger.received) >= 4, "the answers")
    assert frames_of(lines) == [text.encode() for mn, text in SAMPLES if mn == MN]
    assert frames_of(lines, OTHER_MN) == [OF_2005.encode()]
    for key, partition, line in lines:
        mn = read_line(line).mn
        assert (key, partition) == (shard_key(mn), shard_partition(mn))
        assert json.loads(line)["received_at"] == "2026-11-24T11:00:10.000+08:00"
    answers = {decode_frame(payload).qn: (topic, payload) for topic, payload in logger.received}
    assert sorted(answers) == ["20261124100000123", *(f"2026112411000500{n}" for n in (1, 2, 3))]
    assert answers["20261124110005001"] == (f"hj212/{MN}/down", ANSWER_TO_FIRST.encode())


async def test_nothing_is_answered_or_acknowledged_before_kafka_has_it(tmp_path, env, mqtt, kafka):
    with Client(mqtt.port, "hj212/+/down") as logger, gateway_process(tmp_path, env) as supervisor:
        kafka.child.send(signal.SIGSTOP)
        logger.publish(f"hj212/{MN}/up", REAL_TIME.encode())
        await come_true(lambda: metric(env, "stackwatch_gateway_received_total") == 1, "its arrival")
        await asyncio.sleep(1)  # time in which a hasty gateway would answer
        assert logger.taken == 1, "the broker has it"
        assert logger.received == []
        assert metric(env, "stackwatch_gateway_acknowledged_total") == 0
        assert metric(env, "stackwatch_gateway_in_flight") == 1
        os.kill(supervisor.pids()["gateway"], signal.SIGKILL)
        kafka.child.send(signal.SIGCONT)
        await come_true(lambda: logger.received, "the answer after a new start")
        await come_true(lambda: metric(env, "stackwatch_gateway_acknowledged_total") == 1, "the PUBACK")
    lines = await read_topic(kafka.url, PACKETS.name, enough=len)
    assert set(frames_of(lines)) == {REAL_TIME.encode()}


async def test_the_order_of_each_logger_is_kept(tmp_path, env, mqtt, kafka):
    sent = {MN: numbered(250), OTHER_MN: numbered(250, OTHER_MN)}
    with gateway_process(tmp_path, env), Client(mqtt.port) as logger:
        for number in range(250):
            for mn, frames in sent.items():
                logger.publish(f"hj212/{mn}/up", frames[number])
        lines = await read_topic(kafka.url, PACKETS.name, enough=lambda lines: len(lines) >= 500)
    for mn, frames in sent.items():
        assert frames_of(lines, mn) == cut(frames)


async def test_a_killed_gateway_loses_nothing_and_answers_all(tmp_path, env, mqtt, kafka):
    sent = {MN: numbered(250), OTHER_MN: numbered(250, OTHER_MN)}
    with Client(mqtt.port, "hj212/+/down") as logger, gateway_process(tmp_path, env) as supervisor:
        for number in range(250):
            for mn, frames in sent.items():
                logger.publish(f"hj212/{mn}/up", frames[number])
            if number == 120:
                await come_true(lambda: len(logger.received) > 20, "the first answers")
                os.kill(supervisor.pids()["gateway"], signal.SIGKILL)
        await come_true(lambda: len(set(logger.received)) == 500, "all answers")
        assert supervisor.restarts() == {"gateway": 1}
    lines = await read_topic(
        kafka.url, PACKETS.name, enough=lambda lines: all(len(set(frames_of(lines, mn))) == 250 for mn in sent)
    )
    # What the killed gateway held comes again later than what it had not seen, so the order is not asked for here.
    for mn, frames in sent.items():
        assert set(frames_of(lines, mn)) == set(cut(frames))


async def test_every_bad_frame_is_quarantined_with_its_reason_and_stops_nothing(tmp_path, env, mqtt, kafka):
    good = REAL_TIME.encode()
    encrypted = b"QN=20261124110000000;ST=31;CN=2011;PW=123456;MN=%s;Flag=9;CP=&&{0xE4,0x3E}td=1&&" % MN.encode()
    unclosed = f"QN=20261124110000000;ST=31;CN=2011;PW=123456;MN={MN};Flag=5;CP=&&DataTime=20261124110000".encode()
    table = {
        "no_header": b"a21026-Rtd=12.4",
        "bad_length_field": good.replace(b"##0442", b"##04x2"),
        "length_mismatch": good.replace(b"##0442", b"##0441"),
        "crc_field_not_hex": good[:-1] + b"X",
        "crc": good.replace(b"12.40", b"12.41"),
        "cp_unterminated": encode.frame(unclosed),
        "undecryptable": encode.frame(encrypted),
        "bad_header_field": frame(qn="today", at="20261124110000"),
        "mn_mismatch": OF_2005.encode(),
        "bad_datatime": frame(at="20261124250000"),
        "datatime_ahead": frame(at=datetime(2026, 11, 24, 11, 10, 11)),
        "datatime_too_old": frame(at=datetime(2025, 11, 23, 11, 0, 9)),
        "unsupported_cn": frame(cn="4711", at="20261124110000"),
    }
    with gateway_process(tmp_path, env), Client(mqtt.port, "hj212/+/down") as logger:
        for payload in table.values():
            logger.publish(f"hj212/{MN}/up", payload)
        logger.publish("hj212/424242/up", frame(mn="424242", at="20261124110000"))
        logger.publish(f"hj212/{MN}/up", good)
        quarantined = await read_topic(kafka.url, QUARANTINE.name, enough=lambda lines: len(lines) > len(table))
        kept = await read_topic(kafka.url, PACKETS.name, enough=len)
        await come_true(lambda: len(logger.received) >= 5, "the answers")
    found = {decode(line).reason: (key, decode(line)) for key, _, line in quarantined}
    assert sorted(found) == sorted([*table, "unknown_mn"])
    for reason, payload in table.items():
        key, rejected = found[reason]
        assert key == MN.encode()
        assert rejected.detail
        assert read_line(rejected.line.encode()).frame_bytes == payload.rstrip(b"\r\n"), "it is kept whole"
    assert frames_of(kept) == [good]
    # The good one, and those that came through whole from a known logger.
    assert len(logger.received) == 5


async def test_a_json_monitor_enters_the_same_feed(tmp_path, env, mqtt, kafka):
    body = json.dumps({"cn": "2061", "data_time": "2026-11-24T10:00:00+08:00", "values": {"a21026": {"Avg": 12.3}}})
    with gateway_process(tmp_path, env), Client(mqtt.port) as monitor:
        monitor.publish("cems/E01-1/readings", body.encode())
        ((key, _, line),) = await read_topic(kafka.url, PACKETS.name, enough=len)
    assert json.loads(line)["kind"] == "monitor"
    assert key == shard_key(MN), "the outlet's logger decides the shard"


async def test_a_gateway_that_is_asked_to_stop_finishes_and_leaves_with_0(tmp_path, env, mqtt, kafka):
    import sys

    child = Child(
        [sys.executable, "-m", "stackwatch", "gateway"], log=tmp_path / "gateway.log", env={**os.environ, **env}
    )
    try:
        await come_true(lambda: is_ready(env), "a ready gateway")
        with Client(mqtt.port, "hj212/+/down") as logger:
            for each in numbered(50):
                logger.publish(f"hj212/{MN}/up", each)
            await come_true(lambda: logger.received, "the first answer")
            child.terminate()
            assert await asyncio.to_thread(child.wait, 15) == 0
    finally:
        child.stop(1)
    assert "Traceback" not in (tmp_path / "gateway.log").read_text()


async def test_a_gateway_with_patience_waits_for_kafka(tmp_path, env, mqtt):
    port = free_port()
    env = {**env, "STACKWATCH_KAFKA": f"127.0.0.1:{port}", "STACKWATCH_PATIENCE_S": "60"}
    with Supervisor(tmp_path / "logs", env) as supervisor, Client(mqtt.port, "hj212/+/down") as logger:
        supervisor.start("gateway", "gateway")
        with kafka_broker(tmp_path / "late", port=port):
            await come_true(lambda: is_ready(env), "a ready gateway")
            logger.publish(f"hj212/{MN}/up", REAL_TIME.encode())
            await come_true(lambda: logger.received, "the answer")
        assert supervisor.restarts() == {"gateway": 0}


async def test_lines_are_numbered_and_a_gateway_that_stops_gives_its_word_on_them(tmp_path, env, mqtt, kafka):
    with Client(mqtt.port) as logger:
        with gateway_process(tmp_path, env):
            for mn, text in SAMPLES:
                logger.publish(f"hj212/{mn}/up", f"{text}\r\n".encode())
            logger.publish(f"hj212/{MN}/up", b"nonsense")
            await read_topic(kafka.url, PACKETS.name, enough=lambda lines: len(lines) >= 5)
            await read_topic(kafka.url, QUARANTINE.name, enough=lambda lines: len(lines) >= 1)
        stopped = await read_topic(kafka.url, PACKETS.name, enough=lambda lines: len(lines) >= 7)
        with gateway_process(tmp_path, env):
            logger.publish(f"hj212/{MN}/up", f"{REAL_TIME}\r\n".encode())
            lines = await read_topic(kafka.url, PACKETS.name, enough=lambda lines: len(lines) >= 8)
    told = [read_line(line) for _, _, line in stopped if read_line(line).kind == "numbered"]
    assert {(word.mn, word.first, word.last, word.quarantined) for word in told} == {
        (MN, 1, 4, 1),
        (OTHER_MN, 1, 1, 0),
    }
    packets = [read_line(line) for _, _, line in lines if read_line(line).kind == "packet"]
    mine = [(line.boot, line.number) for line in packets if line.mn == MN]
    (first, *_), (again, _) = mine, mine[-1]
    assert mine == [*((first[0], number) for number in (1, 2, 3, 4)), (again, 1)]
    assert first[0] != again
