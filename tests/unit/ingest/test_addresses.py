import pytest

from hj212 import encode
from hj212.crc import CrcProfile
from ingest.mqtt_address import BadAddress, parse_address
from ingest.relay_login import login_of, sender_of
from tests.unit.ingest.town import MN, frame, with_wrong_checksum


def test_a_plain_address_is_mqtt_3_1_1_without_a_user():
    address = parse_address("mqtt://broker")
    assert (address.host, address.port, address.tls, address.protocol, address.username) == (
        "broker",
        1883,
        False,
        4,
        "",
    )


def test_everything_can_be_said_in_an_address():
    address = parse_address("mqtts://u:p%40ss@broker:8884?protocol=5")
    assert (address.port, address.tls, address.protocol) == (8884, True, 5)
    assert (address.username, address.password) == ("u", "p@ss")
    assert "p@ss" not in repr(address)
    assert address.shown == "mqtts://broker:8884"


def test_a_user_given_apart_goes_before_the_address():
    address = parse_address("mqtt://u:p@broker", username="v", password="q")
    assert (address.username, address.password) == ("v", "q")


@pytest.mark.parametrize(
    "url",
    ["http://b", "mqtt://", "mqtt://b:x", "mqtt://b:99999", "mqtt://b/topic", "mqtt://b?protocol=4.2", "mqtt://b?x=1"],
)
def test_what_is_no_address_is_refused_without_a_password(url):
    with pytest.raises(BadAddress) as caught:
        parse_address(url.replace("://", "://u:secret@", 1))
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("data", "login", "sender"),
    [
        pytest.param(frame(), MN, MN, id="a whole frame logs in"),
        pytest.param(with_wrong_checksum(frame()), None, MN, id="a damaged frame names its sender and does not log in"),
        pytest.param(frame(cn="7777"), MN, MN, id="an unknown command logs in all the same"),
        pytest.param(b"garbage", None, None, id="garbage is nobody's"),
        pytest.param(frame(mn="a/b"), None, None, id="an MN that would be another topic is nobody's"),
        pytest.param(frame(mn="+"), None, None, id="nor can it be a wildcard"),
        pytest.param(
            encode.message(st="31", cn="2081", mn=MN, crc=CrcProfile.MODBUS), MN, MN, id="the other checksum logs in"
        ),
    ],
)
def test_who_speaks_on_a_connection(data, login, sender):
    assert login_of(data.rstrip(b"\r\n")) == login
    assert sender_of(data.rstrip(b"\r\n")) == sender
