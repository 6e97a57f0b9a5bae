"""``stackwatch rollcall``: calls every outlet for every hour."""

import asyncio
import sys
from datetime import datetime
from functools import partial

import click

from contracts.rights import topics_of
from emissions.beijing import BEIJING
from ingest.kafka import KafkaLost, KafkaUnfit, KafkaWriter
from ingest.rollcaller import RollCaller
from stackwatch.errors import UserError
from stackwatch.health import serve_health
from stackwatch.heartbeat import heartbeat
from stackwatch.logs import set_up_logs
from stackwatch.process import clock_of, kafka_address, read_rules, run_until_stopped
from stackwatch.reach import reach_kafka
from stackwatch.settings import Settings, read_settings
from stackwatch.topics import TopicsRefused, create_topics


@click.command()
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M"]),
    help="Call no hour that starts before this, in Beijing time; else from the earliest connected_from on.",
)
def command(since: datetime | None) -> None:
    """Call every outlet for every hour two hours after its start, so that silence counts.

    Goes on from where an earlier process came to, and catches up what is due since then.
    """
    given = read_settings()
    set_up_logs(given.log_level, process="rollcall", form=given.log_format, silent=("aiokafka",))
    try:
        run_until_stopped(partial(_serve, given, since and since.replace(tzinfo=BEIJING)))
    except KafkaLost as error:
        click.echo(f"stackwatch rollcall: {error}", err=True)
        sys.exit(1)
    except (KafkaUnfit, TopicsRefused) as error:
        raise UserError(f"Kafka at {given.kafka}: {error}") from error


async def _serve(given: Settings, since: datetime | None, stop: asyncio.Event) -> None:
    register, rules = read_rules(given)
    kafka = kafka_address(given)
    await reach_kafka(given)
    caller = RollCaller(
        register=register,
        in_time=rules.parameters.in_time,
        bootstrap=kafka,
        kafka=KafkaWriter(
            kafka,
            idempotent=given.kafka_idempotence,
            client_id="stackwatch-rollcall",
            prepare=partial(create_topics, kafka, replication=given.kafka_replication, topics=topics_of("rollcall")),
        ),
        clock=clock_of(given),
        since=since,
    )
    async with heartbeat() as heart:
        with serve_health(given.health_host, given.health_port, caller.ready, alive=heart.why_dead):
            await caller.run(stop)
