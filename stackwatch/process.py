"""What every long-running process of ours does the same way: start, hear signals, read its rules, leave."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from dataclasses import replace

from contracts.kafka_address import KafkaAddress
from emissions.register import Register
from emissions.rules import Rules
from ingest.mqtt_address import BadAddress, MqttAddress, parse_address
from rulebook.loader import load_rulebook
from rulebook.register import read_register
from stackwatch.bad_files import told
from stackwatch.clock import Clock, open_clock
from stackwatch.errors import UserError
from stackwatch.held_clock import HeldClockError
from stackwatch.settings import Settings
from stackwatch.tls import client_context
from stores import SeriesStore, open_store


def run_until_stopped(work: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    """Run ``work`` on an event loop of its own; SIGTERM and Ctrl-C set the event that it is given."""

    async def main() -> None:
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        await work(stop)

    asyncio.run(main())


def read_rules(given: Settings) -> tuple[Register, Rules]:
    """The register and the rules that the settings name. What is wrong in them ends the verb with exit code 2."""
    with told():
        book = load_rulebook(given.rulebook_dir)
        return read_register(given.register_folder, book).register, book.rules()


def mqtt_address(given: Settings) -> MqttAddress:
    """The MQTT broker that the settings name, with what it takes to log in.

    Raises:
        UserError: the address names no broker.
    """
    secret = given.mqtt_password
    password = secret.get_secret_value() if secret is not None else ""
    try:
        address = parse_address(given.mqtt, username=given.mqtt_username, password=password)
    except BadAddress as error:
        raise UserError(f"STACKWATCH_MQTT: {error}") from error
    return replace(address, context=client_context(given, "mqtt")) if address.tls else address


def kafka_address(given: Settings) -> KafkaAddress:
    """Kafka as the settings name it, with what it takes to get in.

    Raises:
        UserError: a login without a name or a password, a password without a login, or a file that cannot be used.
    """
    login, password = given.kafka_protocol.startswith("SASL_"), given.kafka_password
    if login and not given.kafka_username:
        raise UserError(f"STACKWATCH_KAFKA_PROTOCOL={given.kafka_protocol!r}: STACKWATCH_KAFKA_USERNAME is missing")
    if login and password is None:
        raise UserError(
            f"STACKWATCH_KAFKA_PROTOCOL={given.kafka_protocol!r}: STACKWATCH_KAFKA_PASSWORD_FILE is missing"
        )
    if given.kafka_username and not login:
        raise UserError(
            f"STACKWATCH_KAFKA_USERNAME={given.kafka_username!r}: STACKWATCH_KAFKA_PROTOCOL is no SASL_ one"
        )
    return KafkaAddress(
        servers=given.kafka,
        tls=client_context(given, "kafka") if given.kafka_protocol.endswith("SSL") else None,
        username=given.kafka_username,
        password=password.get_secret_value() if password is not None else "",
        mechanism=given.kafka_mechanism,
    )


def series_store(given: Settings) -> SeriesStore:
    """The series store that the settings name. Nothing is connected yet.

    Raises:
        UserError: the address names no store, or its certificates cannot be read.
    """
    token, authority = given.series_token, given.series_ca_file
    if authority is not None and not authority.is_file():
        raise UserError(f"STACKWATCH_SERIES_CA_FILE={str(authority)!r}: there is no such file")
    try:
        return open_store(given.series, token=token.get_secret_value() if token else None, ca_file=authority)
    except ValueError as error:
        raise UserError(str(error)) from error


def clock_of(given: Settings) -> Clock:
    """The clock that the settings name.

    Raises:
        UserError: the file of a held clock is not there, or is none.
    """
    try:
        return open_clock(given.clock)
    except (OSError, HeldClockError) as error:
        raise UserError(f"STACKWATCH_CLOCK={given.clock!r}: {error}") from error
