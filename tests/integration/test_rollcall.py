import asyncio
import contextlib
import os
import signal
from datetime import datetime, timedelta

from prometheus_client import CollectorRegistry

from contracts.codec import decode
from contracts.topics import PACKETS, shard_key, shard_partition
from emissions.beijing import BEIJING
from ingest.kafka import KafkaWriter
from ingest.rollcall_progress import read_progress
from ingest.rollcaller import RollCaller
from rulebook.loader import SHIPPED
from stackwatch.embedded.supervisor import Supervisor
from stackwatch.held_clock import HeldClock
from tests.integration.wire import come_true, read_topic
from tests.unit.ingest.town import outlet, register

MIDNIGHT = datetime(2026, 11, 1, tzinfo=BEIJING)
HOUR = timedelta(hours=1)


@contextlib.asynccontextmanager
async def calling(kafka, town, clock, **options):
    caller = RollCaller(
        register=town,
        in_time=2 * HOUR,
        bootstrap=kafka.url,
        kafka=KafkaWriter(kafka.url, client_id="test", idempotent=False),
        clock=clock,
        registry=CollectorRegistry(),
        **options,
    )
    stop = asyncio.Event()
    task = asyncio.create_task(caller.run(stop))
    try:
        yield
    finally:
        stop.set()
        await task


async def called_to(kafka, hour):
    deadline = asyncio.get_running_loop().time() + 20
    while (await read_progress(kafka.url)).called_to != hour:
        assert asyncio.get_running_loop().time() < deadline
        await asyncio.sleep(0.05)


async def lines_of(kafka, count):
    lines = await read_topic(kafka.url, PACKETS.name, enough=lambda lines: len(lines) >= count)
    return [(key, partition, decode(line)) for key, partition, line in lines]


def hours(lines, outlet_id):
    return [due.hour for _, _, due in lines if due.outlet == outlet_id]


async def test_every_outlet_is_called_for_every_hour_as_the_clock_passes(tmp_path, kafka):
    town = register(outlet("A", "1", connected_from=MIDNIGHT), outlet("B", "", connected_from=MIDNIGHT + HOUR))
    with HeldClock.create(tmp_path / "clock", MIDNIGHT + 3 * HOUR) as clock:
        async with calling(kafka, town, clock.now):
            await called_to(kafka, MIDNIGHT + HOUR)
            clock.set(MIDNIGHT + 5 * HOUR - timedelta(seconds=1))
            await called_to(kafka, MIDNIGHT + 2 * HOUR)
            clock.set(MIDNIGHT + 5 * HOUR)
            await called_to(kafka, MIDNIGHT + 3 * HOUR)
    lines = await lines_of(kafka, 7)
    assert hours(lines, "A") == [MIDNIGHT + n * HOUR for n in range(4)]
    assert hours(lines, "B") == [MIDNIGHT + n * HOUR for n in range(1, 4)]
    for key, partition, due in lines:
        place = due.mn or due.outlet
        assert (key, partition) == (shard_key(place), shard_partition(place))


async def test_the_next_process_goes_on_where_the_last_one_stopped(kafka):
    town = register(outlet("A", "1", connected_from=MIDNIGHT))
    async with calling(kafka, town, lambda: MIDNIGHT + 50 * HOUR):
        await called_to(kafka, MIDNIGHT + 48 * HOUR)
    async with calling(kafka, town, lambda: MIDNIGHT + 53 * HOUR):
        await called_to(kafka, MIDNIGHT + 51 * HOUR)
    lines = await lines_of(kafka, 52)
    assert hours(lines, "A") == [MIDNIGHT + n * HOUR for n in range(52)]


async def test_an_outlet_that_is_registered_later_is_caught_up(kafka):
    old, new = outlet("A", "1", connected_from=MIDNIGHT), outlet("B", "2", connected_from=MIDNIGHT + HOUR)
    async with calling(kafka, register(old), lambda: MIDNIGHT + 5 * HOUR):
        await called_to(kafka, MIDNIGHT + 3 * HOUR)
    async with calling(kafka, register(old, new), lambda: MIDNIGHT + 6 * HOUR):
        await called_to(kafka, MIDNIGHT + 4 * HOUR)
    lines = await lines_of(kafka, 9)
    assert hours(lines, "A") == [MIDNIGHT + n * HOUR for n in range(5)]
    assert hours(lines, "B") == [MIDNIGHT + n * HOUR for n in range(1, 5)]


async def test_a_year_is_caught_up_and_since_leaves_the_rest_out(kafka):
    town = register(outlet("A", "1", connected_from=MIDNIGHT - timedelta(days=365)))
    async with calling(kafka, town, lambda: MIDNIGHT + 2 * HOUR):
        await called_to(kafka, MIDNIGHT)
    assert len(await lines_of(kafka, 365 * 24 + 1)) == 365 * 24 + 1


async def test_since_leaves_out_what_lies_before(kafka):
    town = register(outlet("A", "1", connected_from=MIDNIGHT - timedelta(days=365)))
    async with calling(kafka, town, lambda: MIDNIGHT + 2 * HOUR, since=MIDNIGHT - 2 * HOUR):
        await called_to(kafka, MIDNIGHT)
    assert hours(await lines_of(kafka, 3), "A") == [MIDNIGHT - 2 * HOUR, MIDNIGHT - HOUR, MIDNIGHT]


async def test_a_killed_roll_call_leaves_no_hour_out(tmp_path, kafka):
    with HeldClock.create(tmp_path / "clock", datetime(2026, 11, 3, tzinfo=BEIJING)) as clock:
        env = {
            **kafka.env,
            "STACKWATCH_REGISTER": str(SHIPPED / "registers" / "example"),
            "STACKWATCH_CLOCK": clock.url,
            "STACKWATCH_HEALTH_PORT": "0",
        }
        with Supervisor(tmp_path / "logs", env) as supervisor:
            supervisor.start("rollcall", "rollcall")
            await called_to(kafka, datetime(2026, 11, 2, 22, tzinfo=BEIJING))
            os.kill(supervisor.pids()["rollcall"], signal.SIGKILL)
            clock.set(datetime(2026, 11, 3, 10, tzinfo=BEIJING))
            await come_true(lambda: supervisor.restarts() == {"rollcall": 1}, "a new start")
            await called_to(kafka, datetime(2026, 11, 3, 8, tzinfo=BEIJING))
    lines = await read_topic(kafka.url, PACKETS.name, enough=lambda lines: len(lines) >= 57)
    called = [due.hour for due in (decode(line) for _, _, line in lines) if due.outlet == "E01-1"]
    assert sorted(set(called)) == [MIDNIGHT + n * HOUR for n in range(57)]
