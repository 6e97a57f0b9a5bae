"""``stackwatch alerts``: keeps alerts and cases, and tells people."""

import asyncio
import sys
from functools import partial

import click
from aiokafka.errors import KafkaError

from alerts.kafka import Kafka
from alerts.mqtt import MqttPublisher
from alerts.repository import DatabaseUnavailable, Repository
from alerts.service import CannotStart, ServiceLost, alert_service
from contracts.rights import topics_of
from stackwatch.desk import policy_of
from stackwatch.errors import UserError
from stackwatch.health import serve_health
from stackwatch.logs import set_up_logs
from stackwatch.process import clock_of, kafka_address, mqtt_address, read_rules, run_until_stopped
from stackwatch.reach import reach_kafka
from stackwatch.settings import Settings, read_settings
from stackwatch.topics import TopicsRefused, create_topics


@click.command()
def command() -> None:
    """Keep alerts and supervision cases, publish their events, tell people, watch deadlines."""
    given = read_settings()
    set_up_logs(given.log_level, process="alerts", form=given.log_format)
    try:
        run_until_stopped(partial(_serve, given))
    except ServiceLost as lost:
        sys.exit(f"stackwatch alerts: {lost}; it goes on from there when it is started again")
    except (KafkaError, TopicsRefused) as error:
        raise UserError(f"Kafka at {given.kafka}: {error}") from error
    except (ValueError, OSError, DatabaseUnavailable, CannotStart) as error:
        raise UserError(str(error)) from error


async def _serve(given: Settings, stop: asyncio.Event) -> None:
    policy = policy_of(given, sending=True)
    register, _ = read_rules(given)
    repository = Repository.open(
        given.database,
        password=given.database_password,
        policy=policy,
        register=register,
        attachments=given.attachments,
    )
    address = kafka_address(given)
    await reach_kafka(given)
    await create_topics(address, replication=given.kafka_replication, topics=topics_of("alerts"))
    kafka, mqtt = Kafka(address, given.kafka_idempotence), MqttPublisher(mqtt_address(given))
    async with alert_service(repository, kafka=kafka, mqtt=mqtt, now=clock_of(given)) as serving:
        watch = serving.watch
        place = given.health_host, given.health_port
        with serve_health(*place, watch.why_not_ready, alive=watch.why_dead, details=watch.details):
            await serving.run(stop)
