"""``stackwatch init``: topics, database and series store made ready, once or as often as one likes."""

import asyncio
from datetime import timedelta

import click
from aiokafka.errors import KafkaError

from alerts.database import DatabaseUnavailable, address_of, upgrade
from stackwatch.errors import UserError
from stackwatch.process import kafka_address
from stackwatch.settings import Settings, read_settings
from stackwatch.topics import TopicsRefused, create_topics
from stores import StoreUnavailable, influx_address
from stores.influx_upkeep import KEEP, set_up


@click.command()
@click.option("--keep-days", type=click.IntRange(0), default=KEEP.days, show_default=True, help="0 = for ever.")
@click.option("--no-topics", is_flag=True, help="Leave Kafka alone: somebody else makes the topics.")
def command(keep_days: int, *, no_topics: bool) -> None:
    """Make ready what the processes need: Kafka topics, the database's schema, InfluxDB's buckets and tasks.

    InfluxDB: raw values are kept for --keep-days; 10-minute means, hours and rates are copied by tasks into a second
    bucket that forgets nothing. The token (STACKWATCH_SERIES_TOKEN_FILE) must be allowed to make buckets and tasks.
    """
    given = read_settings()
    if not no_topics:
        try:
            asyncio.run(create_topics(kafka_address(given), replication=given.kafka_replication))
        except (KafkaError, TopicsRefused, OSError) as error:
            raise UserError(f"Kafka at {given.kafka}: {error}") from error
        click.echo("Kafka: every topic is there")
    try:
        upgrade(address_of(given.database, password=given.database_password))
        click.echo("database: the schema is up to date")
        _series(given, timedelta(days=keep_days))
    except (DatabaseUnavailable, StoreUnavailable, ValueError) as error:
        raise UserError(str(error)) from error


def _series(given: Settings, keep: timedelta) -> None:
    if not given.series.startswith("influxdb"):
        click.echo("series store: SQLite keeps everything, nothing to set up")
        return
    token = given.series_token
    server = influx_address(given.series)
    done = list(
        set_up(
            server.url,
            token.get_secret_value() if token is not None else "",
            server.org,
            server.bucket,
            keep=keep,
            ca_file=given.series_ca_file,
        )
    )
    for line in done or ["buckets and tasks are as they should be"]:
        click.echo(f"series store: {line}")
