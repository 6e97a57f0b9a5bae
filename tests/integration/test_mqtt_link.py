import asyncio
import contextlib
import ipaddress
import json
import time
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from benchmarks.wire import CONNACK, SUBACK, SUBSCRIBE, Session, publication
from deploy.engines import mosquitto
from ingest.mqtt import MqttLink
from ingest.mqtt_address import parse_address
from stackwatch.embedded.child import Child
from stackwatch.embedded.nats import _program
from stackwatch.embedded.ports import free_port
from tests.integration.wire import come_true

WINDOW = 2000
"""Messages that the real broker sends before a PUBACK."""


@pytest.fixture
def certificate(tmp_path):
    """A certificate of 127.0.0.1 that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "broker")])
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(address, critical=False)
        .sign(key, hashes.SHA256())
    )
    (tmp_path / "broker.pem").write_bytes(built.public_bytes(serialization.Encoding.PEM))
    (tmp_path / "broker.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return tmp_path / "broker.pem"


@pytest.fixture
def guarded(tmp_path, certificate):
    """The port of a broker that wants TLS, a user and a password."""
    port = free_port()
    config = {
        "server_name": "guarded",
        "host": "127.0.0.1",
        "port": -1,
        "jetstream": {"store_dir": str(tmp_path / "store")},
        "authorization": {"user": "gateway", "password": "right"},
        "mqtt": {
            "host": "127.0.0.1",
            "port": port,
            "tls": {"cert_file": str(certificate), "key_file": str(certificate.with_suffix(".key"))},
        },
    }
    (tmp_path / "nats.conf").write_text(json.dumps(config))
    child = Child([_program(), "-c", str(tmp_path / "nats.conf")], log=tmp_path / "nats.log")
    yield port
    child.stop(5)


@contextlib.asynccontextmanager
async def linked(address, subscriptions=()):
    arrivals = []
    link = MqttLink(address, client_id="test", subscriptions=subscriptions, on_arrival=arrivals.append)
    task = asyncio.create_task(link.run())
    try:
        yield link, arrivals
    finally:
        await link.close()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_tls_with_a_password_carries_large_and_many_messages(guarded, certificate):
    address = parse_address(f"mqtts://gateway:right@127.0.0.1:{guarded}", ca_file=certificate)
    async with linked(address, ("t/#",)) as (link, arrivals):
        await come_true(lambda: link.connected, "a session")
        payloads = [bytes([65 + n]) * 60_000 for n in range(20)]
        await asyncio.gather(*(link.deliver("t/x", payload) for payload in payloads))
        await come_true(lambda: len(arrivals) == 20, "all messages")
        assert [arrival.payload for arrival in arrivals] == payloads
        assert all(link.acknowledge(arrival) for arrival in arrivals)
        assert link.problem is None


# paho leaves the socket of a failed handshake to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_a_certificate_that_is_not_trusted_is_told(guarded):
    async with linked(parse_address(f"mqtts://gateway:right@127.0.0.1:{guarded}")) as (link, _):
        await come_true(lambda: "certificate verify failed" in (link.problem or ""), "the reason")
        assert not link.connected


async def test_a_wrong_password_is_told_and_never_shown(guarded, certificate, caplog):
    address = parse_address(f"mqtts://gateway:wr0ng@127.0.0.1:{guarded}", ca_file=certificate)
    async with linked(address) as (link, _):
        await come_true(lambda: "refuses the session" in (link.problem or ""), "the reason")
        assert "wr0ng" not in caplog.text + link.problem


async def test_messages_can_come_only_once_the_broker_has_confirmed_the_subscription():
    """Until then it takes messages for us, confirms them to their senders and throws them away."""
    asked, confirm = asyncio.Event(), asyncio.Event()

    async def slow_broker(reader, writer):
        async def packet():
            head, length = await reader.readexactly(2)
            return head, await reader.readexactly(length)

        await packet()
        writer.write(bytes([CONNACK, 2, 0, 0]))
        head, body = await packet()
        assert head == SUBSCRIBE
        asked.set()
        await confirm.wait()
        writer.write(bytes([SUBACK, 3, *body[:2], 1]))
        await reader.read()
        writer.close()

    server = await asyncio.start_server(slow_broker, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, linked(parse_address(f"mqtt://127.0.0.1:{port}"), ("t/#",)) as (link, _):
        await come_true(asked.is_set, "the question")
        assert link.connected
        assert link.problem == f"MQTT at mqtt://127.0.0.1:{port} has not confirmed the subscriptions yet"
        confirm.set()
        await come_true(lambda: link.problem is None, "being ready")


async def test_what_arrives_while_reading_is_paused_comes_afterwards(mqtt):
    async with linked(parse_address(mqtt.url), ("t/#",)) as (link, arrivals):
        await come_true(lambda: link.connected, "a session")
        await link.deliver("t/first", b"1")
        await come_true(lambda: len(arrivals) == 1, "the first")
        assert link.pause()
        assert not link.pause()
        assert link.publish("t/second", b"2")
        await asyncio.sleep(0.3)  # time in which it would arrive
        assert len(arrivals) == 1
        link.resume()
        await come_true(lambda: len(arrivals) == 2, "the second")


async def test_a_message_of_an_earlier_connection_cannot_be_acknowledged(mqtt):
    address = parse_address(mqtt.url)
    async with linked(address, ("t/#",)) as (link, arrivals):
        await come_true(lambda: link.connected, "a session")
        assert link.publish("t/x", b"1")
        await come_true(lambda: arrivals, "the message")
        async with linked(address) as (other, _):  # the same client id: the broker drops the first session's connection
            await come_true(lambda: other.connected, "the other session")
            await come_true(lambda: not link.connected, "the end of the first")
        assert not link.acknowledge(arrivals[0])


async def test_an_exception_while_taking_a_message_over_ends_the_link(mqtt):
    def broken(_):
        raise RuntimeError("a bug")

    link = MqttLink(parse_address(mqtt.url), client_id="test", subscriptions=("t/#",), on_arrival=broken)
    task = asyncio.create_task(link.run())
    await come_true(lambda: link.connected, "a session")
    assert link.publish("t/x", b"1")
    with pytest.raises(RuntimeError, match="a bug"):
        await asyncio.wait_for(task, 10)


def test_nothing_is_published_without_a_session(mqtt):
    link = MqttLink(parse_address(mqtt.url), client_id="test", subscriptions=(), on_arrival=print)
    assert not link.publish("t/x", b"1")


async def test_more_messages_than_there_are_packet_ids_are_all_taken_and_acknowledged(tmp_path):
    """Mosquitto before 2.0.13 answers each PUBACK of a long queue with a whole window, until it uses ids twice."""
    count, windows = 70_000, 40
    numbered = {str(number).encode() for number in range(count)}
    with mosquitto(tmp_path) as broker:
        address = parse_address(broker.url)
        async with linked(address, ("t/#",)) as (link, arrivals):
            await come_true(lambda: link.connected, "a session")
            link.pause()
            await send(address, count)
            link.resume()
            await come_true(lambda: len(arrivals) >= windows, "the first messages")
            done = windows
            assert all(link.acknowledge(arrival) for arrival in arrivals[:done])
            while done < count:
                # An older broker sends all of them now, a newer one its window.
                await no_more(arrivals, count)
                assert all(link.acknowledge(arrival) for arrival in arrivals[done:])
                assert len(arrivals) > done, "the broker has sent nothing on our PUBACKs"
                done = len(arrivals)
            assert {arrival.payload for arrival in arrivals} == numbered
            await link.deliver("t/x", b"the end")  # and what was sent before it has reached the broker too
        async with linked(address, ("t/#",)) as (link, arrivals):
            await come_true(lambda: link.connected, "another session under the same name")
            await link.deliver("t/x", b"another end")
            await come_true(lambda: arrivals and arrivals[-1].payload == b"another end", "the other end")
            assert not {arrival.payload for arrival in arrivals} & numbered, "the broker has kept some"


async def no_more(arrivals, count):
    """Return when all have come, or nothing for half a second."""
    seen, since = -1, time.monotonic()
    while len(arrivals) < count and time.monotonic() - since < 0.5:
        if len(arrivals) != seen:
            seen, since = len(arrivals), time.monotonic()
        await asyncio.sleep(0.02)


async def send(address, count):
    """Hand the broker so many messages and return when it has them."""
    loop = asyncio.get_running_loop()
    _, logger = await loop.create_connection(lambda: Session("logger"), address.host, address.port)
    await logger.ready
    for number in range(count):
        await logger.fewer_than(WINDOW)
        logger.publish(publication(b"t/x", str(number).encode()), number)
    await come_true(lambda: not logger.unacknowledged, "the broker's PUBACKs")
