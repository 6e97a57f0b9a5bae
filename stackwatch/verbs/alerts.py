"""``stackwatch alerts``: keeps alerts and cases, and tells people."""

import asyncio
from functools import partial

import click
from pydantic import SecretStr

from alerts.database import DatabaseUnavailable, address_of, open_database, upgrade
from alerts.mqtt import MqttPublisher
from alerts.names import names_of
from alerts.policy import load_policy
from alerts.repository import Repository
from alerts.service import ServiceLost, serve
from rulebook.loader import SHIPPED
from rulebook.register import load_register
from stackwatch.bad_files import told
from stackwatch.clock import open_clock
from stackwatch.errors import UserError
from stackwatch.health import serve_health
from stackwatch.logs import set_up_logs
from stackwatch.settings import read_settings


@click.command()
def command() -> None:
    """Keep alerts and supervision cases, publish their events, tell people, watch deadlines."""
    given = read_settings()
    set_up_logs(given.log_level, process="alerts")
    try:
        with told():
            policy = load_policy(given.rulebook_dir, webhook_url=_open(given.webhook_url))
            register = load_register(given.register_dir or SHIPPED / "registers/liaocheng", rulebook=given.rulebook_dir)
        database = address_of(given.database, password=_open(given.database_password))
        upgrade(database)
        repository = Repository(open_database(database), policy=policy, name_of=names_of(register))
        mqtt = MqttPublisher(given.mqtt, given.mqtt_username, _open(given.mqtt_password), given.mqtt_ca_file)
        watched = partial(serve_health, given.health_host, given.health_port)
        asyncio.run(serve(repository, kafka=given.kafka, mqtt=mqtt, now=open_clock(given.clock), watched=watched))
    except (ValueError, OSError, DatabaseUnavailable, ServiceLost) as error:
        raise UserError(str(error)) from error


def _open(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret is not None else None
