"""``stackwatch alerts``: keeps alerts and cases, and tells people."""

import asyncio
import sys
from functools import partial

import click

from alerts.database import DatabaseUnavailable, prepare
from alerts.kafka import Kafka
from alerts.mqtt import MqttPublisher
from alerts.names import names_of
from alerts.policy import load_policy
from alerts.repository import Repository
from alerts.service import CannotStart, ServiceLost, alert_service
from stackwatch.bad_files import told
from stackwatch.errors import UserError
from stackwatch.health import serve_health
from stackwatch.logs import set_up_logs
from stackwatch.process import clock_of, mqtt_address, read_rules, run_until_stopped
from stackwatch.settings import Settings, read_settings


@click.command()
def command() -> None:
    """Keep alerts and supervision cases, publish their events, tell people, watch deadlines."""
    given = read_settings()
    set_up_logs(given.log_level, process="alerts")
    try:
        run_until_stopped(partial(_serve, given))
    except ServiceLost as lost:
        sys.exit(f"stackwatch alerts: {lost}; it goes on from there when it is started again")
    except (ValueError, OSError, DatabaseUnavailable, CannotStart) as error:
        raise UserError(str(error)) from error


async def _serve(given: Settings, stop: asyncio.Event) -> None:
    with told():
        policy, register = load_policy(given.rulebook_dir, webhook_url=given.webhook_url), read_rules(given)[0]
    engine = prepare(given.database, password=given.database_password)
    repository = Repository(engine, policy=policy, name_of=names_of(register))
    kafka, mqtt = Kafka(given.kafka, given.kafka_idempotence), MqttPublisher(mqtt_address(given))
    async with alert_service(repository, kafka=kafka, mqtt=mqtt, now=clock_of(given)) as serving:
        with serve_health(given.health_host, given.health_port, serving.trouble):
            await serving.run(stop)
