"""What the doctor looks at: each part of the system once, from here, now."""

import asyncio
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from stackwatch.errors import UserError
from stackwatch.settings import Settings, shown

TIMEOUT_S = 5.0
"""A part that has not answered after this is taken for not reachable. [s]"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was found about one part."""

    part: str
    place: str
    ok: bool
    words: str
    """What it is and which version, or what is wrong and what to do."""

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


class _Wrong(Exception):
    """Something is wrong with a part; the message says what, and what to do."""


def examine(given: Settings) -> list[Finding]:
    """Look at everything that the settings name. What is wrong with one part hides nothing about the others."""
    register = str(given.register_folder)
    rulebook = "shipped" if given.rulebook_dir is None else str(given.rulebook_dir)
    checks: list[tuple[str, str, Callable[[Settings], str]]] = [
        ("kafka", given.kafka, _kafka),
        ("mqtt", shown(given.mqtt), _mqtt),
        ("series", shown(given.series), _series),
        ("database", shown(given.database), _database),
        ("rulebook", rulebook, _rulebook),
        ("register", register, _register),
        ("clock", given.clock or "real", _clock),
    ]
    return [_look(part, place, check, given) for part, place, check in checks]


def _look(part: str, place: str, check: Callable[[Settings], str], given: Settings) -> Finding:
    try:
        return Finding(part=part, place=place, ok=True, words=check(given))
    except (_Wrong, UserError) as error:
        return Finding(part=part, place=place, ok=False, words=" ".join(str(error).split()))


def _kafka(given: Settings) -> str:
    from aiokafka.admin import AIOKafkaAdminClient
    from aiokafka.errors import KafkaError

    from contracts.kafka_address import client_options
    from contracts.topics import TOPICS
    from stackwatch.process import kafka_address
    from stackwatch.reach import knock, places_of

    address = kafka_address(given)

    async def look() -> tuple[int, dict[str, int]]:
        for place in places_of(given.kafka):
            await knock(address, place)
        admin = AIOKafkaAdminClient(**client_options(address), request_timeout_ms=int(TIMEOUT_S * 1000))
        try:
            await admin.start()
            brokers = len((await admin.describe_cluster())["brokers"])
            topics = await admin.describe_topics()
            return brokers, {topic["topic"]: len(topic["partitions"]) for topic in topics}
        finally:
            await admin.close()

    try:
        brokers, topics = asyncio.run(asyncio.wait_for(look(), TIMEOUT_S))
    except (KafkaError, TimeoutError, OSError) as error:
        raise _Wrong(f"not reachable: {error or 'no answer'}; is it running, and STACKWATCH_KAFKA right?") from error
    wrong = [
        f"{topic.name} has {topics[topic.name]} partitions instead of {topic.partitions}"
        for topic in TOPICS
        if topics.get(topic.name, topic.partitions) != topic.partitions
    ]
    if wrong:
        raise _Wrong(f"{', '.join(wrong)}; make the topic anew")
    missing = [topic.name for topic in TOPICS if topic.name not in topics]
    there = f"{brokers} broker{'s' if brokers > 1 else ''}, {len(TOPICS) - len(missing)} of {len(TOPICS)} topics"
    if missing and address.username:
        return f"{there} are to be seen as {address.username!r}, which may not see the others if they are there"
    return f"{there}; the processes make {', '.join(missing)} when they start" if missing else there


def _mqtt(given: Settings) -> str:
    import threading

    import paho.mqtt.client as paho
    from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

    from stackwatch.process import mqtt_address

    address = mqtt_address(given)
    answered, reasons = threading.Event(), []
    client = paho.Client(
        CallbackAPIVersion.VERSION2,
        client_id="stackwatch-doctor",
        protocol=MQTTProtocolVersion(address.protocol),
        reconnect_on_failure=False,
    )
    client.connect_timeout = TIMEOUT_S
    if address.username:
        client.username_pw_set(address.username, address.password or None)
    if (trust := address.trust) is not None:
        client.tls_set_context(trust)

    def connected(_client: object, _data: object, _flags: object, reason: Any, _properties: object) -> None:
        reasons.append(reason)
        answered.set()

    client.on_connect = connected
    try:
        client.connect(address.host, address.port)
    except (OSError, ValueError) as error:
        raise _Wrong(f"not reachable: {error}; is it running, and STACKWATCH_MQTT right?") from error
    client.loop_start()
    try:
        if not answered.wait(TIMEOUT_S):
            raise _Wrong("takes connections and says nothing; is this an MQTT broker?")
    finally:
        client.disconnect()
        client.loop_stop()
    if reasons[0].is_failure:
        raise _Wrong(f"refuses us: {reasons[0]}; see STACKWATCH_MQTT_USERNAME and STACKWATCH_MQTT_PASSWORD_FILE")
    return f"accepts sessions, MQTT {'5' if address.protocol == MQTTProtocolVersion.MQTTv5 else '3.1.1'}"


def _series(given: Settings) -> str:
    from stackwatch.process import series_store
    from stores import StoreUnavailable

    file = given.series.removeprefix("sqlite:///")
    if file != given.series and not Path(file).exists():
        return _sqlite(file)
    store = series_store(given)
    try:
        return store.ping()
    except StoreUnavailable as error:
        raise _Wrong(f"not reachable: {error}; is it running, and STACKWATCH_SERIES right?") from error
    finally:
        store.close()


def _database(given: Settings) -> str:
    from sqlalchemy import create_engine, text
    from sqlalchemy.exc import SQLAlchemyError

    from alerts.database import address_of

    try:
        url = address_of(given.database, password=given.database_password)
        engine = create_engine(url)
    except (ValueError, SQLAlchemyError) as error:
        raise _Wrong(f"no database address: {type(error).__name__}; see STACKWATCH_DATABASE") from error
    if url.get_backend_name() == "sqlite" and url.database:
        return _sqlite(url.database)
    try:
        with engine.connect() as connection:
            connection.execute(text("select 1"))
            version = ".".join(map(str, engine.dialect.server_version_info or ()))
    except SQLAlchemyError as error:
        reason = str(error).splitlines()[0]
        raise _Wrong(f"not reachable: {reason}; is it running, and STACKWATCH_DATABASE right?") from error
    finally:
        engine.dispose()
    return f"{engine.dialect.name} {version}"


def _sqlite(file: str) -> str:
    """Opening a missing file would make one, so the doctor only looks."""
    import os
    import sqlite3

    path = Path(file)
    if not path.exists():
        place = next(parent for parent in path.absolute().parents if parent.exists())
        if not os.access(place, os.W_OK):
            raise _Wrong(f"{place} is not writable, so the file cannot be made there")
        return f"SQLite {sqlite3.sqlite_version}, the file will be made at the first start"
    try:
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
            connection.execute("select count(*) from sqlite_master").fetchone()
    except sqlite3.Error as error:
        raise _Wrong(f"{path} cannot be read as a SQLite database: {error}") from error
    finally:
        connection.close()
    return f"SQLite {sqlite3.sqlite_version}"


def _rulebook(given: Settings) -> str:
    from rulebook.errors import BadFile
    from rulebook.loader import check_rulebook

    try:
        book = check_rulebook(given.rulebook_dir)
    except BadFile as error:
        raise _bad_file(error.problems) from error
    return f"version {book.version}, {len(book.standards)} standards"


def _register(given: Settings) -> str:
    from rulebook.errors import BadFile
    from rulebook.loader import load_rulebook
    from rulebook.register import read_register

    try:
        read = read_register(given.register_folder, load_rulebook(given.rulebook_dir))
    except BadFile as error:
        raise _bad_file(error.problems) from error
    register = read.register
    counts = f"{len(register.divisions)} divisions, {len(register.enterprises)} enterprises"
    loggers = sum(1 for outlet in register.outlets.values() if outlet.mn)
    warnings = f", {len(read.warnings)} warnings (stackwatch check register)" if read.warnings else ""
    return f"{counts}, {len(register.outlets)} outlets, {loggers} with a logger{warnings}"


def _bad_file(problems: Any) -> _Wrong:
    first, *more = problems
    return _Wrong(f"{first}{f' (and {len(more)} more)' if more else ''}")


def _clock(given: Settings) -> str:
    from contracts.codec import stamp
    from stackwatch.process import clock_of

    return f"shows {stamp(clock_of(given)())}"
