"""``stackwatch relay``: HJ 212 over TCP to MQTT."""

import asyncio
from functools import partial

import click

from ingest.relay import Relay
from stackwatch.errors import UserError
from stackwatch.health import serve_health
from stackwatch.heartbeat import heartbeat
from stackwatch.logs import set_up_logs
from stackwatch.process import mqtt_address, run_until_stopped
from stackwatch.reach import reach_mqtt
from stackwatch.settings import Settings, read_settings


@click.command()
def command() -> None:
    """Take HJ 212 over TCP to MQTT and bring the answers back, for loggers that speak nothing else."""
    given = read_settings()
    set_up_logs(given.log_level, process="relay", form=given.log_format)
    try:
        run_until_stopped(partial(_serve, given))
    except OSError as error:
        raise UserError(f"cannot listen on {given.relay_host}:{given.relay_port}: {error.strerror}") from error


async def _serve(given: Settings, stop: asyncio.Event) -> None:
    await reach_mqtt(given, mqtt_address(given))
    relay = Relay(address=mqtt_address(given), name=given.gateway, host=given.relay_host, port=given.relay_port)
    async with heartbeat() as heart:
        with serve_health(given.health_host, given.health_port, relay.ready, alive=heart.why_dead):
            await relay.run(stop)
