import pytest

from benchmarks.wire import Session, publication


class Transport:
    """Remembers what was written."""

    def __init__(self):
        self.written = b""

    def write(self, data):
        self.written += data


@pytest.fixture
async def heard():
    return []


@pytest.fixture
async def session(heard):
    one = Session("logger", lambda topic, payload: heard.append((topic, payload)))
    one._transport = Transport()
    return one


def coming(topic, payload, mid):
    head, tail = publication(topic, payload)
    return head + mid.to_bytes(2, "big") + tail


async def test_a_message_is_written_as_mqtt_3_1_1_wants_it(session):
    session.publish(publication(b"a/b", b"x" * 200), 7)
    # PUBLISH with QoS 1, 207 bytes in two digits, topic, packet identifier 1.
    assert session._transport.written == b"\x32\xcf\x01\x00\x03a/b\x00\x01" + b"x" * 200
    assert session.unacknowledged == {1: 7}


@pytest.mark.parametrize("size", [pytest.param(1, id="byte by byte"), pytest.param(10_000, id="all at once")])
async def test_what_comes_is_taken_apart_however_it_is_cut(session, heard, size):
    stream = b"\x20\x02\x00\x00" + coming(b"t", b"y" * 300, 5) + coming(b"t", b"", 6)
    for start in range(0, len(stream), size):
        session.data_received(stream[start : start + size])
    assert session.ready.done()
    assert heard == [(b"t", b"y" * 300), (b"t", b"")]
    assert session._transport.written == b"\x40\x02\x00\x05\x40\x02\x00\x06"


async def test_a_message_without_an_identifier_is_not_acknowledged(session, heard):
    session.data_received(b"\x30\x05\x00\x01tyy")
    assert heard == [(b"t", b"yy")]
    assert session._transport.written == b""


async def test_a_puback_frees_its_packet_identifier(session):
    session.publish(publication(b"t", b""), 10)
    session.publish(publication(b"t", b""), 11)
    session.data_received(b"\x40\x02\x00\x01")
    assert session.unacknowledged == {2: 11}


async def test_an_identifier_in_use_is_not_given_twice(session):
    session.unacknowledged = {1: 0, 2: 0}
    session.publish(publication(b"t", b""), 12)
    assert session.unacknowledged[3] == 12


async def test_a_refused_session_is_told(session):
    session.data_received(b"\x20\x02\x00\x05")
    with pytest.raises(ConnectionRefusedError, match="CONNACK 5"):
        await session.ready


async def test_a_lost_connection_ends_the_waiting(session):
    session.unacknowledged = {1: 0}
    session.connection_lost(None)
    with pytest.raises(ConnectionError):
        await session.fewer_than(1)
