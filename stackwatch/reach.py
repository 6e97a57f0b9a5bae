"""Whether the brokers that a process cannot begin without are there, before it begins.

A process that has begun waits for a broker that goes away, as long as it takes. One that never finds it at its start
was most likely given a wrong address: it says so in one line instead of waiting in silence.
"""

import asyncio
import time

from ingest.mqtt_address import MqttAddress
from stackwatch.errors import UserError
from stackwatch.settings import Settings

AGAIN_S = 0.3
ONE_TRY_S = 3.0


async def reach_kafka(given: Settings) -> None:
    """Return when any of the bootstrap servers takes a connection.

    Raises:
        UserError: none did within the patience that the settings give.
    """
    servers = [server.strip().rpartition(":") for server in given.kafka.split(",")]
    places = [(host.strip("[]"), int(port)) for host, _, port in servers]
    await _reach(f"Kafka at {given.kafka} (STACKWATCH_KAFKA)", places, given.patience_s)


async def reach_mqtt(given: Settings, address: MqttAddress) -> None:
    """Return when the MQTT broker takes a connection.

    Raises:
        UserError: it did not within the patience that the settings give.
    """
    place = (address.host, address.port)
    await _reach(f"MQTT at {address.shown} (STACKWATCH_MQTT)", [place], given.patience_s)


async def _reach(what: str, places: list[tuple[str, int]], patience_s: float) -> None:
    deadline = time.monotonic() + patience_s
    while True:
        for host, port in places:
            try:
                async with asyncio.timeout(ONE_TRY_S):
                    _, writer = await asyncio.open_connection(host, port)
            except (OSError, TimeoutError) as error:
                reason = getattr(error, "strerror", None) or f"no answer within {ONE_TRY_S:g} s"
                continue
            writer.close()
            return
        if time.monotonic() > deadline:
            raise UserError(f"{what} cannot be reached: {reason}")
        await asyncio.sleep(AGAIN_S)
