"""Whether the brokers that a process cannot begin without are there, before it begins.

A process that has begun waits for a broker that goes away, as long as it takes. One that never finds it at its start
was most likely given a wrong address: it says so in one line instead of waiting in silence.
"""

import asyncio
import ssl
import time

from aiokafka.conn import create_conn
from aiokafka.errors import KafkaError, SaslAuthenticationFailed, UnsupportedSaslMechanismError

from contracts.kafka_address import KafkaAddress, client_options
from ingest.mqtt_address import MqttAddress
from stackwatch.errors import UserError
from stackwatch.process import kafka_address
from stackwatch.settings import Settings

AGAIN_S = 0.3
ONE_TRY_S = 3.0


async def reach_kafka(given: Settings) -> None:
    """Return when any of the bootstrap servers lets us in.

    Raises:
        UserError: none did within the patience that the settings give, or one that answered will never do.
    """
    what, address = f"Kafka at {given.kafka} (STACKWATCH_KAFKA)", kafka_address(given)
    places = places_of(given.kafka)
    deadline = time.monotonic() + given.patience_s
    await _reach(what, places, given.patience_s)
    while True:
        for place in places:
            if (reason := await knock(address, place)) is None:
                return
        if time.monotonic() > deadline:
            raise UserError(f"{what} takes connections and does not let us in: {reason}; see STACKWATCH_KAFKA_PROTOCOL")
        await asyncio.sleep(AGAIN_S)


def places_of(servers: str) -> list[tuple[str, int]]:
    """Hosts and ports of bootstrap servers."""
    parts = [server.strip().rpartition(":") for server in servers.split(",")]
    return [(host.strip("[]"), int(port)) for host, _, port in parts]


async def knock(kafka: KafkaAddress, place: tuple[str, int]) -> str | None:
    """None where a broker lets us in; else why not, if it may yet do so.

    aiokafka's clients try the next server whatever the reason was, and say only that none could be had.

    Raises:
        UserError: it never will: the login or the certificate is wrong.
    """
    host, port = place
    options = {name: value for name, value in client_options(kafka).items() if name != "bootstrap_servers"}
    where = f"Kafka at {host}:{port} (STACKWATCH_KAFKA)"
    try:
        async with asyncio.timeout(ONE_TRY_S):
            connection = await create_conn(host, port, request_timeout_ms=int(ONE_TRY_S * 1000), **options)
            await connection.close()
    except (SaslAuthenticationFailed, UnsupportedSaslMechanismError) as error:
        raise UserError(
            f"{where} refuses the login {kafka.username!r}: {_reason(error)}; see STACKWATCH_KAFKA_USERNAME, "
            "STACKWATCH_KAFKA_PASSWORD_FILE and STACKWATCH_KAFKA_MECHANISM"
        ) from error
    except ssl.SSLCertVerificationError as error:
        raise UserError(f"{where} cannot be trusted: {error.verify_message}; see STACKWATCH_KAFKA_CA_FILE") from error
    except (KafkaError, OSError, TimeoutError) as error:
        return _reason(error) or f"no answer within {ONE_TRY_S:g} s"
    return None


def _reason(error: Exception) -> str:
    text = str(error.args[0]) if error.args and isinstance(error, KafkaError) else str(error)
    return text or type(error).__name__


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
