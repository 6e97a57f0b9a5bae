"""``stackwatch gateway``: packets from MQTT to Kafka."""

import asyncio
import sys
from functools import partial

import click

from contracts.feed import Acceptance
from contracts.rights import topics_of
from ingest.gateway import Gateway, Limits
from ingest.intake import Intake
from ingest.kafka import KafkaLost, KafkaUnfit, KafkaWriter
from ingest.metrics import GatewayMetrics
from ingest.numbering import Numbering, new_boot
from ingest.pacing import Pace
from stackwatch.errors import UserError
from stackwatch.health import serve_health
from stackwatch.heartbeat import heartbeat
from stackwatch.logs import set_up_logs
from stackwatch.process import clock_of, kafka_address, mqtt_address, read_rules, run_until_stopped
from stackwatch.reach import reach_kafka, reach_mqtt
from stackwatch.settings import Settings, read_settings
from stackwatch.topics import TopicsRefused, create_topics


@click.command()
def command() -> None:
    """Take packets from MQTT to Kafka; answer and acknowledge each only when Kafka has it."""
    given = read_settings()
    set_up_logs(given.log_level, process="gateway", form=given.log_format, silent=("aiokafka",))
    try:
        run_until_stopped(partial(_serve, given))
    except KafkaLost as error:
        click.echo(f"stackwatch gateway: {error}; nothing that is not in Kafka was acknowledged", err=True)
        sys.exit(1)
    except (KafkaUnfit, TopicsRefused) as error:
        raise UserError(f"Kafka at {given.kafka}: {error}") from error


async def _serve(given: Settings, stop: asyncio.Event) -> None:
    register, rules = read_rules(given)
    kafka = kafka_address(given)
    await reach_kafka(given)
    await reach_mqtt(given, mqtt_address(given))
    gateway = Gateway(
        address=mqtt_address(given),
        name=given.gateway,
        kafka=KafkaWriter(
            kafka,
            idempotent=given.kafka_idempotence,
            client_id=f"stackwatch-gateway-{given.gateway}",
            prepare=partial(create_topics, kafka, replication=given.kafka_replication, topics=topics_of("gateway")),
        ),
        intake=Intake(
            register,
            Acceptance(register, rules.parameters),
            gateway=given.gateway,
            numbering=Numbering(register, gateway=given.gateway, boot=new_boot()),
        ),
        clock=clock_of(given),
        metrics=GatewayMetrics(),
        limits=Limits(pace=Pace(per_s=given.gateway_rate, burst=given.gateway_burst)),
    )
    async with heartbeat() as heart:
        place = given.health_host, given.health_port
        with serve_health(*place, gateway.ready, alive=heart.why_dead, details=gateway.details):
            await gateway.run(stop)
