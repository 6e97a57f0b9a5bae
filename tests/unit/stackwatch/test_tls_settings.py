"""Logins and TLS from the environment: what fits together is taken, what does not is one line that names it."""

import ssl
from pathlib import Path

import pytest
import trustme

from stackwatch.errors import UserError
from stackwatch.process import kafka_address, mqtt_address, series_store
from stackwatch.settings import Settings, read_settings, shown
from stackwatch.tls import check_server_certificate

AUTHORITY = trustme.CA()


@pytest.fixture
def files(tmp_path):
    """Files of all kinds: ``password``, ``ca.pem``, ``client.pem``, ``client.key``, ``noise``."""
    (tmp_path / "password").write_text("hunter2\n")
    (tmp_path / "noise").write_text("nothing of the kind")
    AUTHORITY.cert_pem.write_to_path(tmp_path / "ca.pem")
    client = AUTHORITY.issue_cert("gateway")
    client.cert_chain_pems[0].write_to_path(tmp_path / "client.pem")
    client.private_key_pem.write_to_path(tmp_path / "client.key")
    return tmp_path


def test_without_a_word_kafka_is_spoken_to_in_plain():
    address = kafka_address(Settings())
    assert (address.protocol, address.tls) == ("PLAINTEXT", None)


def test_a_login_over_tls_has_all_that_a_client_needs(files):
    address = kafka_address(
        Settings(
            kafka_protocol="SASL_SSL",
            kafka_username="gateway",
            kafka_password_file=files / "password",
            kafka_ca_file=files / "ca.pem",
        )
    )
    assert (address.protocol, address.username, address.password) == ("SASL_SSL", "gateway", "hunter2")
    assert address.tls.check_hostname
    assert address.tls.verify_mode is ssl.CERT_REQUIRED
    assert address.tls.minimum_version >= ssl.TLSVersion.TLSv1_2
    assert [each["subject"] for each in address.tls.get_ca_certs()], "the authority is trusted"
    assert "hunter2" not in f"{address!r} {address}"


def test_only_the_named_authority_is_trusted(files):
    trusted = kafka_address(Settings(kafka_protocol="SSL", kafka_ca_file=files / "ca.pem")).tls.get_ca_certs()
    assert len(trusted) == 1


@pytest.mark.parametrize(
    ("given", "said"),
    [
        pytest.param(
            {"kafka_protocol": "SASL_SSL", "kafka_password_file": "password"},
            "STACKWATCH_KAFKA_USERNAME is missing",
            id="a login without a name",
        ),
        pytest.param(
            {"kafka_protocol": "SASL_SSL", "kafka_username": "gateway"},
            "STACKWATCH_KAFKA_PASSWORD_FILE is missing",
            id="a login without a password",
        ),
        pytest.param(
            {"kafka_username": "gateway", "kafka_password_file": "password"},
            "STACKWATCH_KAFKA_PROTOCOL",
            id="a name for a protocol that has no login",
        ),
        pytest.param(
            {"kafka_protocol": "SSL", "kafka_ca_file": "noise"},
            "no certificates in PEM",
            id="certificates that are none",
        ),
        pytest.param(
            {"kafka_protocol": "SSL", "kafka_ca_file": "nowhere"}, "No such file", id="certificates that are not there"
        ),
        pytest.param(
            {"kafka_protocol": "SSL", "kafka_certificate_file": "client.pem"},
            "STACKWATCH_KAFKA_KEY_FILE is missing",
            id="a certificate without its key",
        ),
        pytest.param(
            {"kafka_protocol": "SSL", "kafka_key_file": "client.key"},
            "STACKWATCH_KAFKA_CERTIFICATE_FILE is missing",
            id="a key without its certificate",
        ),
        pytest.param(
            {"kafka_protocol": "SSL", "kafka_certificate_file": "ca.pem", "kafka_key_file": "client.key"},
            "no certificate and key in PEM that fit together",
            id="a key of another certificate",
        ),
    ],
)
def test_what_does_not_fit_together_is_told_with_the_variable(files, given, said):
    paths = {key: files / value if key.endswith("_file") else value for key, value in given.items()}
    with pytest.raises(UserError, match=r"^STACKWATCH_KAFKA_") as caught:
        kafka_address(Settings(**paths))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_mqtts_shows_the_certificate_of_the_files(files):
    given = Settings(
        mqtt="mqtts://broker",
        mqtt_ca_file=files / "ca.pem",
        mqtt_certificate_file=files / "client.pem",
        mqtt_key_file=files / "client.key",
    )
    address = mqtt_address(given)
    assert address.port == 8883
    assert address.trust is address.context is not None
    assert mqtt_address(Settings(mqtt="mqtt://broker")).trust is None


def test_the_store_trusts_only_a_file_that_is_there(tmp_path):
    (tmp_path / "token").write_text("t")
    given = Settings(
        series="influxdbs://db:8086/o/b", series_token_file=tmp_path / "token", series_ca_file=Path("/nowhere")
    )
    with pytest.raises(UserError, match=r"^STACKWATCH_SERIES_CA_FILE='/nowhere'"):
        series_store(given)


def test_a_certificate_of_the_pages_is_looked_at_before_they_are_served(files):
    check_server_certificate(Settings(), "web")
    check_server_certificate(
        Settings(web_certificate_file=files / "client.pem", web_key_file=files / "client.key"), "web"
    )
    with pytest.raises(UserError, match=r"STACKWATCH_WEB_CERTIFICATE_FILE=.*no certificate and key"):
        check_server_certificate(
            Settings(web_certificate_file=files / "noise", web_key_file=files / "client.key"), "web"
        )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param("mqtt://u:s3cret@h:1", "mqtt://u:***@h:1", id="an address"),
        pytest.param("u:s3cret@h:1", "u:***@h:1", id="an address without a scheme"),
        pytest.param(
            "postgresql://h/db?user=u&password=s3cret&sslmode=require",
            "postgresql://h/db?user=u&password=***&sslmode=require",
            id="an option",
        ),
        pytest.param("postgresql://u:s3@cret@h/db", "postgresql://u:***@h/db", id="a password with an @"),
        pytest.param("2026-11-01T00:00:00+08:00@600", "2026-11-01T00:00:00+08:00@600", id="a clock has none"),
        pytest.param("a:1,b:2", "a:1,b:2", id="nor has a list of servers"),
    ],
)
def test_a_value_for_people_has_no_password(value, text):
    assert shown(value) == text


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("STACKWATCH_KAFKA", "kafka://u:s3cret@h:9092x", id="a Kafka address that is none"),
        pytest.param("STACKWATCH_KAFKA", "u:s3cret@h:9092", id="a login in Kafka's address"),
        pytest.param("STACKWATCH_MQTT", "mqt://u:s3cret@h", id="a misspelt scheme"),
        pytest.param("STACKWATCH_SERIES", "influx://u:s3cret@h/o/b", id="a store nobody knows"),
        pytest.param("STACKWATCH_CLOCK", "u:s3cret@h", id="a password in the wrong variable"),
    ],
)
def test_no_error_shows_a_password(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(UserError) as caught:
        read_settings()
    assert "s3cret" not in str(caught.value)
    assert caught.value.__cause__ is None, "a cause would show it in a traceback"


def test_the_settings_themselves_show_no_password():
    given = Settings(mqtt="mqtt://u:s3cret@h", database="postgresql://u:s3cret@h/db")
    assert "s3cret" not in repr(given) + str(given)


@pytest.mark.parametrize("value", ["10.0.0.0/8", "10.1.2.3, fd00::/8", ""])
def test_proxies_are_addresses_or_networks(value):
    assert Settings(web_trusted_proxies=value).web_trusted_proxies == value


def test_everybody_is_no_proxy(monkeypatch):
    monkeypatch.setenv("STACKWATCH_WEB_TRUSTED_PROXIES", "*")
    with pytest.raises(UserError, match="no address and no network"):
        read_settings()
