"""Nobody publishes as another: loggers on a real Mosquitto that runs with the manifests' files."""

import socket
import ssl
from datetime import UTC, datetime, timedelta

import pytest
import trustme

from tests.security.broker import Logger, wait_for
from tests.security.conftest import MN, OTHER, REVOKED, WITH_CERTIFICATE, Field

REFUSED = "Not authorized"


def test_a_logger_with_its_password_sends_and_hears_as_itself(field: Field) -> None:
    with field.log_in(MN) as logger:
        assert logger.connack == "Success"
        assert logger.publish(f"hj212/{MN}/up", b"frame") in {"Success", "No matching subscribers"}
        assert logger.subscribe(f"hj212/{MN}/down") == "Granted QoS 1"


@pytest.mark.parametrize(
    "topic",
    [
        pytest.param(f"hj212/{OTHER}/up", id="as another logger"),
        pytest.param(f"hj212/{MN}/down", id="an answer to itself"),
        pytest.param(f"hj212/{OTHER}/down", id="a command to another"),
        pytest.param("cems/E03-2/readings", id="as a JSON monitor"),
        pytest.param("alerts/371502", id="an alert"),
        pytest.param("anything", id="on a topic of nobody"),
    ],
)
def test_a_logger_cannot_publish(field: Field, topic: str) -> None:
    with field.log_in(MN) as logger:
        assert logger.publish(topic, b"frame") == REFUSED


@pytest.mark.parametrize(
    "topic",
    ["#", "+/+/+", "hj212/#", "hj212/+/down", f"hj212/{OTHER}/down", f"hj212/{MN}/up", "$SYS/#", "alerts/#"],
)
def test_a_logger_hears_nothing_that_is_not_for_it(field: Field, topic: str) -> None:
    with field.log_in(MN) as spy, field.log_in(OTHER) as other:
        # Mosquitto grants the subscription itself, and judges each message when it is delivered.
        spy.subscribe(topic)
        assert spy.subscribe(f"hj212/{MN}/down") == "Granted QoS 1"
        other.publish(f"hj212/{OTHER}/up", b"secret")
        with gateway(field) as platform:
            platform.publish(f"hj212/{OTHER}/down", b"secret")
            platform.publish(f"hj212/{MN}/down", b"for you")
        wait_for(lambda: spy.received, "its own")
    assert set(spy.received) == {(f"hj212/{MN}/down", b"for you")}


@pytest.mark.parametrize(
    ("login", "password"),
    [
        pytest.param("nobody", "x", id="an unknown user"),
        pytest.param(MN, "wrong", id="a wrong password"),
        pytest.param(MN, "", id="no password"),
        pytest.param(WITH_CERTIFICATE, "", id="a logger that has no password"),
        pytest.param("", "", id="nobody at all"),
        pytest.param("gateway", "x", id="the gateway with a guessed password"),
    ],
)
def test_nobody_comes_in_with(field: Field, login: str, password: str) -> None:
    with field.log_in(login, password=password, client_id="x") as logger:
        assert not logger.inside
        assert logger.connack in {REFUSED, "Bad user name or password", "Client identifier not valid"}


def test_the_client_id_of_another_takes_nothing_from_it(field: Field) -> None:
    with field.log_in(OTHER) as other:
        assert other.subscribe(f"hj212/{OTHER}/down") == "Granted QoS 1"
        with field.log_in(MN, client_id=OTHER) as thief:
            assert thief.inside
            assert thief.publish(f"hj212/{OTHER}/up", b"frame") == REFUSED
            assert other.publish(f"hj212/{OTHER}/up", b"frame") != REFUSED
            assert other.inside


def test_a_certificate_is_its_logger(field: Field) -> None:
    certificate = field.certificate(WITH_CERTIFICATE)
    field.publish()
    with field.show(certificate) as logger:
        assert logger.inside
        assert logger.publish(f"hj212/{WITH_CERTIFICATE}/up", b"frame") != REFUSED
        assert logger.publish(f"hj212/{MN}/up", b"frame") == REFUSED


def stranger(field: Field) -> bytes:
    issued = trustme.CA().issue_cert(common_name=MN)
    return issued.private_key_pem.bytes() + issued.cert_chain_pems[0].bytes()


def of_the_servers_authority(field: Field) -> bytes:
    issued = field.authority.ca.issue_cert(common_name=MN)
    return issued.private_key_pem.bytes() + issued.cert_chain_pems[0].bytes()


def expired(field: Field) -> bytes:
    return field.certificate(MN, now=datetime.now(UTC) - timedelta(days=10), days=5, keep=True).read_bytes()


def not_yet(field: Field) -> bytes:
    return field.certificate(MN, now=datetime.now(UTC) + timedelta(days=1), keep=True).read_bytes()


@pytest.mark.parametrize(
    "certificate",
    [
        pytest.param(stranger, id="of another authority"),
        pytest.param(of_the_servers_authority, id="of the authority of the servers"),
        pytest.param(expired, id="that has run out"),
        pytest.param(not_yet, id="that does not count yet"),
        pytest.param(None, id="that is missing"),
    ],
)
def test_a_certificate_lets_nobody_in(field: Field, certificate, tmp_path) -> None:
    file = None
    if certificate is not None:
        file = tmp_path / "shown.pem"
        file.write_bytes(certificate(field))
    assert not comes_in(field, file)


def test_a_revoked_certificate_is_refused_without_a_restart(field: Field) -> None:
    pid = field.broker.process.pid
    lost = field.certificate(OTHER)
    field.publish()
    wait_for(lambda: comes_in(field, lost), "the certificate counts")
    found = field.certificate(OTHER)  # the first one is revoked by that
    field.publish()
    wait_for(lambda: not comes_in(field, lost), "the lost certificate is refused")
    assert comes_in(field, found)
    assert field.broker.process.pid == pid
    assert field.broker.process.alive


def test_a_revoked_logger_is_cut_off_and_stays_out(field: Field) -> None:
    with field.log_in(REVOKED) as logger, field.log_in(MN) as neighbour:
        assert logger.inside
        field.store.revoke([REVOKED], now=datetime.now(UTC))
        field.publish()
        wait_for(lambda: not logger.inside, "the end of its session")
        assert neighbour.publish(f"hj212/{MN}/up", b"frame") != REFUSED
        assert neighbour.inside
    with field.log_in(REVOKED) as again:
        assert not again.inside


def test_a_rotated_password_counts_at_once_and_the_old_one_no_more(field: Field) -> None:
    old = field.passwords[OTHER]
    (given,) = field.store.give_passwords([OTHER], now=datetime.now(UTC))
    field.publish()
    field.passwords[OTHER] = given.password

    def inside() -> bool:
        with field.log_in(OTHER) as logger:
            return logger.inside

    wait_for(inside, "the new password counts")
    with field.log_in(OTHER, password=old) as late:
        assert not late.inside


def test_a_broker_under_another_name_is_not_spoken_to(field: Field) -> None:
    with (
        socket.create_connection(("127.0.0.1", field.broker.ports[8883])) as line,
        pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"),
        field.trust().wrap_socket(line, server_hostname="localhost"),
    ):
        pytest.fail("it was taken for the broker")


def test_plain_text_is_not_spoken_on_a_tls_port(field: Field) -> None:
    with socket.create_connection(("127.0.0.1", field.broker.ports[8883])) as line:
        line.sendall(b"\x10\x0c\x00\x04MQTT\x04\x02\x00\x3c\x00\x00")
        line.settimeout(10)
        try:
            answer = line.recv(16)
        except ConnectionResetError:
            answer = b""
    assert b"\x20\x02" not in answer


def test_no_password_stands_in_the_brokers_files_or_log(field: Field) -> None:
    texts = [path.read_text() for path in (field.broker.home / "logins").iterdir()] + [field.broker.log()]
    texts += [path.read_text() for path in (field.folder / "devices").rglob("*") if path.is_file()]
    known = [*field.passwords.values(), "mqtt-kn0wn-s3cret"]
    assert not [word for word in known for text in texts if word in text]


def gateway(field: Field) -> Logger:
    return Logger(
        field.broker.ports[8885],
        client_id="stackwatch-test",
        username="gateway",
        password="gateway-mqtt-kn0wn-s3cret",
        trust=field.trust(),
    )


def comes_in(field: Field, certificate) -> bool:
    """Whether a certificate opens a session. In TLS 1.3 a client hears of its refusal only after the handshake."""
    try:
        with field.show(certificate) as logger:
            return logger.inside
    except (ssl.SSLError, ConnectionError):
        return False
