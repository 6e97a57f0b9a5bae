"""What every long-running process of ours does the same way: start, hear signals, read its rules, leave."""

import asyncio
import signal
import ssl
from collections.abc import Awaitable, Callable

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
        address = parse_address(given.mqtt, username=given.mqtt_username, password=password, ca_file=given.mqtt_ca_file)
    except BadAddress as error:
        raise UserError(f"STACKWATCH_MQTT: {error}") from error
    if address.tls:
        tls_context(address)
    return address


def tls_context(address: MqttAddress) -> ssl.SSLContext:
    """What a client trusts that connects to the broker.

    Raises:
        UserError: the file of certificates cannot be read.
    """
    try:
        return ssl.create_default_context(cafile=address.ca_file)
    except OSError as error:
        raise UserError(f"STACKWATCH_MQTT_CA_FILE={str(address.ca_file)!r}: {error.strerror or error}") from error


def clock_of(given: Settings) -> Clock:
    """The clock that the settings name.

    Raises:
        UserError: the file of a held clock is not there, or is none.
    """
    try:
        return open_clock(given.clock)
    except (OSError, HeldClockError) as error:
        raise UserError(f"STACKWATCH_CLOCK={given.clock!r}: {error}") from error
