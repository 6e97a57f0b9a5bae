import asyncio
import contextlib
import os
import socket
import subprocess
import sys

import pytest
from prometheus_client import CollectorRegistry

from ingest.mqtt_address import parse_address
from ingest.relay import Relay, RelayLimits
from stackwatch.embedded.nats import mqtt_broker
from stackwatch.embedded.ports import free_port
from tests.integration.wire import Client, come_true
from tests.unit.ingest.town import MN, frame, with_wrong_checksum

OTHER_MN = "88888880000001"


@contextlib.asynccontextmanager
async def relaying(url, **limits):
    relay = Relay(
        address=parse_address(url),
        name="r1",
        host="127.0.0.1",
        port=0,
        limits=RelayLimits(**limits),
        registry=CollectorRegistry(),
    )
    stop = asyncio.Event()
    task = asyncio.create_task(relay.run(stop))
    try:
        await come_true(relay.listening.is_set, "a listening relay")
        yield relay
    finally:
        stop.set()
        await task


@contextlib.asynccontextmanager
async def logger(relay):
    reader, writer = await asyncio.open_connection("127.0.0.1", relay.port)
    try:
        yield reader, writer
    finally:
        writer.close()


def cut(*frames):
    return [each.rstrip(b"\r\n") for each in frames]


async def test_frames_go_up_whole_and_answers_come_down(mqtt):
    frames = [frame(qn=f"202611241000030{n:02d}") for n in range(20)]
    with Client(mqtt.port, "hj212/+/up", client_id="platform") as platform:
        async with relaying(mqtt.url) as relay, logger(relay) as (reader, writer):
            stream = b"".join(frames)
            for start in range(0, len(stream), 100):
                writer.write(stream[start : start + 100])
                await writer.drain()
            await come_true(lambda: len(platform.received) == 20, "all frames")
            assert [payload for _, payload in platform.received] == cut(*frames)
            assert {topic for topic, _ in platform.received} == {f"hj212/{MN}/up"}
            platform.publish(f"hj212/{MN}/down", b"##0009CN=9014;X0000\r\n")
            assert await asyncio.wait_for(reader.readline(), 10) == b"##0009CN=9014;X0000\r\n"
            assert relay.ready() is None


async def test_every_logger_gets_its_own_answers(mqtt):
    with Client(mqtt.port, "hj212/+/up", client_id="platform") as platform:
        async with relaying(mqtt.url) as relay, logger(relay) as one, logger(relay) as two:
            one[1].write(frame())
            two[1].write(frame(mn=OTHER_MN))
            await come_true(lambda: len(platform.received) == 2, "both frames")
            platform.publish(f"hj212/{OTHER_MN}/down", b"to the second\r\n")
            platform.publish(f"hj212/{MN}/down", b"to the first\r\n")
            assert await asyncio.wait_for(one[0].readline(), 10) == b"to the first\r\n"
            assert await asyncio.wait_for(two[0].readline(), 10) == b"to the second\r\n"


async def test_a_frame_of_another_mn_goes_up_under_the_login_so_that_it_is_refused_there(mqtt):
    foreign = frame(mn=OTHER_MN)
    with Client(mqtt.port, "hj212/+/up", client_id="platform") as platform:
        async with relaying(mqtt.url) as relay, logger(relay) as (_, writer):
            writer.write(frame() + foreign)
            await come_true(lambda: len(platform.received) == 2, "both frames")
    assert [topic for topic, _ in platform.received] == [f"hj212/{MN}/up"] * 2


async def test_garbage_stops_nothing(mqtt):
    damaged = with_wrong_checksum(frame())
    with Client(mqtt.port, "hj212/+/up", client_id="platform") as platform:
        async with relaying(mqtt.url) as relay, logger(relay) as (_, writer):
            writer.write(b"\x00\xff noise \r\n" + damaged + b"\r\n##9999half a frame\r\n")
            writer.write(b"x" * 300_000 + b"\r\n" + frame())
            await writer.drain()
            await come_true(lambda: cut(frame())[0] in [payload for _, payload in platform.received], "the good frame")
    received = [payload for _, payload in platform.received]
    assert damaged in received, "what names its sender goes up, so that it is seen"


async def test_a_logger_that_comes_back_takes_its_answers_with_it(mqtt):
    with Client(mqtt.port, "hj212/+/up", client_id="platform") as platform:
        async with relaying(mqtt.url) as relay, logger(relay) as old:
            old[1].write(frame())
            await come_true(lambda: len(platform.received) == 1, "the first frame")
            async with logger(relay) as new:
                new[1].write(frame(qn="20261124100003001"))
                await come_true(lambda: len(platform.received) == 2, "the second frame")
                assert await asyncio.wait_for(old[0].read(), 10) == b"", "the old connection is closed"
                platform.publish(f"hj212/{MN}/down", b"answer\r\n")
                assert await asyncio.wait_for(new[0].readline(), 10) == b"answer\r\n"


async def test_a_silent_logger_is_cut_off_and_one_too_many_turned_away(mqtt):
    async with relaying(mqtt.url, idle_s=0.3, connections=1) as relay, logger(relay) as first:
        async with logger(relay) as second:
            assert await asyncio.wait_for(second[0].read(), 10) == b""
        assert await asyncio.wait_for(first[0].read(), 10) == b""


async def test_frames_wait_for_a_broker_that_is_away(tmp_path):
    port = free_port()
    frames = [frame(qn=f"202611241000030{n:02d}") for n in range(10)]
    async with relaying(f"mqtt://127.0.0.1:{port}") as relay, logger(relay) as (_, writer):
        await come_true(lambda: "cannot be reached" in (relay.ready() or ""), "the reason")
        writer.write(b"".join(frames))
        await writer.drain()
        with mqtt_broker(tmp_path / "late", port=port), Client(port, "hj212/+/up", client_id="platform") as platform:
            await come_true(lambda: len(set(platform.received)) == 10, "all frames")
            payloads = list(dict.fromkeys(payload for _, payload in platform.received))
            assert payloads == cut(*frames)


@pytest.mark.parametrize("verb", ["relay", "gateway"])
def test_a_busy_port_is_one_line_and_exit_2(verb, mqtt, kafka):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        variable = "STACKWATCH_RELAY_PORT" if verb == "relay" else "STACKWATCH_HEALTH_PORT"
        env = {**os.environ, **mqtt.env, **kafka.env, "STACKWATCH_LOG_LEVEL": "error", variable: port}
        ended = subprocess.run(
            [sys.executable, "-m", "stackwatch", verb], env=env, capture_output=True, text=True, timeout=30, check=False
        )
    assert ended.returncode == 2
    assert f"127.0.0.1:{port}" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
