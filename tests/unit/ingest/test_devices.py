"""Credentials of devices: hashes as brokers compare them, certificates, rights, and a folder that survives anything."""

import base64
import hashlib
import stat
import subprocess
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from hypothesis import given
from hypothesis import strategies as st

from ingest.devices.authority import BadAuthority, DeviceAuthority
from ingest.devices.broker_rights import (
    PLATFORM,
    Login,
    UnfitLogin,
    devices_of,
    emqx_acl,
    emqx_users,
    mosquitto_acl,
    mosquitto_passwords,
)
from ingest.devices.passwords import hashed, new_password
from ingest.devices.store import DeviceStore, DevicesUnusable
from tests.unit.ingest.town import MN, TOWN, outlet, register

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
OTHER = "88888880000001"


def test_a_password_is_random_and_long_and_its_hash_fits_it_alone():
    one, other = new_password(), new_password()
    assert one != other
    assert len(one) == 48
    assert hashed(one).fits(one)
    assert not hashed(one).fits(other)
    assert hashed(one) != hashed(one), "each hash has a salt of its own"


@given(st.text(max_size=40))
def test_mosquitto_and_emqx_are_given_the_same_hash(password):
    kept = hashed(password)
    _, kind, iterations, salt, digest = kept.for_mosquitto.split("$")
    made = hashlib.pbkdf2_hmac("sha512", password.encode(), base64.b64decode(salt), int(iterations), 64)
    assert (kind, base64.b64decode(digest)) == ("7", made)
    login, hexadecimal, text_salt, superuser = emqx_users({"x": kept}).splitlines()[1].split(",")
    assert (login, superuser) == ("x", "false")
    assert bytes.fromhex(hexadecimal) == made
    assert base64.b64decode(salt) == text_salt.encode()


def test_every_logger_of_the_register_has_its_own_topics_and_no_other():
    devices = devices_of(TOWN)
    assert devices[MN] == Login(MN, publish=(f"hj212/{MN}/up",), subscribe=(f"hj212/{MN}/down",))
    assert devices["O3"] == Login("O3", publish=("cems/O3/readings",))
    assert len(devices) == 3


@pytest.mark.parametrize(
    "name",
    ["a b", "a/b", "+", "#", "a:b", "$SYS", "%u", 'a"b', "a'b", "a\nuser gateway", "{x}", "a\\b", "gateway", "alerts"],
)
def test_a_name_that_would_mean_something_else_to_a_broker_is_refused(name):
    with pytest.raises(UnfitLogin, match="O1"):
        devices_of(register(outlet("O1", name)))


def test_mosquittos_files():
    login = Login("a", publish=("x/a/up",), subscribe=("x/a/down",))
    assert mosquitto_acl([login, Login("b")]) == "user a\ntopic write x/a/up\ntopic read x/a/down\n\nuser b\n"
    kept = hashed("word")
    assert mosquitto_passwords({"b": kept, "a": kept}) == f"a:{kept.for_mosquitto}\nb:{kept.for_mosquitto}\n"


def test_emqxs_rights_end_with_a_refusal_of_all_else():
    text = emqx_acl([*PLATFORM, *devices_of(TOWN).values()]).splitlines()
    assert text[-1] == "{deny, all}."
    assert f'{{allow, {{username, "{MN}"}}, publish, ["hj212/{MN}/up"]}}.' in text
    assert '{allow, {username, "gateway"}, subscribe, [{eq, "hj212/+/up"}, {eq, "cems/+/readings"}, ' in "\n".join(text)
    assert all(line.startswith(("{allow, {username, ", "{deny, all}")) for line in text)


@pytest.fixture(scope="module")
def authority():
    return DeviceAuthority.create(name="test", now=NOW)


def test_a_certificate_is_for_one_login_and_for_logging_in_alone(authority):
    issued = authority.issue(MN, now=NOW, days=30)
    certificate, above = x509.load_pem_x509_certificates(issued.certificate)
    assert [each.value for each in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)] == [MN]
    usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert certificate.not_valid_after_utc == NOW + timedelta(days=30) == issued.until
    certificate.verify_directly_issued_by(above)
    key = serialization.load_pem_private_key(issued.key, None)
    assert key.public_key() == certificate.public_key()
    assert issued.key.decode() not in repr(issued)


def test_no_certificate_outlives_the_authority(authority):
    assert authority.issue(MN, now=authority.until - timedelta(days=1)).until == authority.until


def test_openssl_agrees_on_what_is_revoked(authority, tmp_path):
    lost, kept = authority.issue(MN, now=datetime.now(UTC)), authority.issue(MN, now=datetime.now(UTC))
    files = {
        "ca": authority.certificate_pem,
        "crl": authority.revocations([(lost.serial, NOW)], now=datetime.now(UTC)),
        "lost": lost.certificate,
        "kept": kept.certificate,
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    check = ["openssl", "verify", "-crl_check", "-CAfile", "ca", "-CRLfile", "crl"]
    assert subprocess.run([*check, "kept"], cwd=tmp_path, capture_output=True, check=False).returncode == 0
    refused = subprocess.run([*check, "lost"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "certificate revoked" in refused.stdout + refused.stderr


def test_the_authoritys_key_is_encrypted_where_there_is_a_password(authority):
    certificate, key = authority.certificate_pem, authority.key_pem(password="opens it")
    assert b"ENCRYPTED" in key
    assert DeviceAuthority.load(certificate, key, password="opens it").fingerprint == authority.fingerprint
    for wrong in (None, "does not"):
        with pytest.raises(BadAuthority, match="password is wrong"):
            DeviceAuthority.load(certificate, key, password=wrong)


def test_a_key_of_another_authority_is_told(authority):
    other = DeviceAuthority.create(name="other", now=NOW)
    with pytest.raises(BadAuthority, match="not that of the certificate"):
        DeviceAuthority.load(authority.certificate_pem, other.key_pem())


@pytest.fixture
def store(tmp_path):
    return DeviceStore(tmp_path / "devices")


def published(store, name):
    store.publish(devices_of(TOWN), now=NOW)
    return (store.for_mosquitto / name).read_text()


def test_what_is_kept_is_no_password(store, tmp_path):
    (given,) = store.give_passwords([MN], now=NOW)
    everything = "".join(path.read_text() for path in tmp_path.rglob("*") if path.is_file())
    assert given.password not in everything + repr(given)
    assert published(store, "passwords").startswith(f"{MN}:$7$101$")


def test_nobody_else_may_read_the_folder(store):
    store.give_passwords([MN], now=NOW)
    store.create_authority(name="test", now=NOW)
    folder = store.for_mosquitto.parent
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for name in ("devices.json", "ca.key"):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600


def test_a_rotated_password_replaces_the_old_one(store):
    store.give_passwords([MN], now=NOW)
    before = published(store, "passwords")
    store.give_passwords([MN], now=NOW)
    after = published(store, "passwords")
    assert before != after
    assert len(after.splitlines()) == 1


def test_a_new_certificate_revokes_the_old_ones_unless_they_are_to_be_kept(store):
    store.create_authority(name="test", now=NOW)
    for keep in (False, True, False):
        store.give_certificates([MN], now=NOW, keep=keep)
    assert [one.revoked_at for one in store.devices()[MN].certificates] == [NOW, NOW, None]


def test_who_is_revoked_has_no_password_no_certificate_and_no_right(store):
    store.create_authority(name="test", now=NOW)
    store.give_passwords([MN, OTHER], now=NOW)
    store.give_certificates([MN], now=NOW)
    store.revoke([MN], now=NOW)
    assert MN not in published(store, "passwords") + published(store, "acl")
    assert OTHER in published(store, "passwords")
    listed = x509.load_pem_x509_crl((store.for_mosquitto / "crl.pem").read_bytes())
    assert len(list(listed)) == 1
    assert store.devices()[MN].state(NOW) == "revoked"


def test_who_leaves_the_register_has_no_right_any_more(store):
    store.give_passwords([MN, OTHER], now=NOW)
    store.publish(devices_of(register(outlet("O1", MN))), now=NOW)
    assert OTHER not in (store.for_mosquitto / "acl").read_text() + (store.for_mosquitto / "passwords").read_text()


def test_a_certificate_that_has_run_out_is_told(store):
    store.create_authority(name="test", now=NOW)
    store.give_certificates([MN], now=NOW, days=10)
    device = store.devices()[MN]
    assert (device.state(NOW), device.state(NOW + timedelta(days=11))) == ("active", "expired")


def test_nothing_changes_when_one_of_several_is_unknown(store):
    store.give_passwords([MN], now=NOW)
    with pytest.raises(KeyError):
        store.revoke([MN, "unknown"], now=NOW)
    assert store.devices()[MN].has_password


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("{", "devices.json", id="no JSON"),
        pytest.param('{"version": 1, "devices": {"a": {"colour": 1}}}', "unknown field", id="a field nobody knows"),
        pytest.param('{"version": 2}', "version 2", id="a later version"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_and_left_alone(store, text, said):
    folder = store.for_mosquitto.parent
    folder.mkdir()
    (folder / "devices.json").write_text(text)
    with pytest.raises(DevicesUnusable, match=said):
        store.give_passwords([MN], now=NOW)
    assert (folder / "devices.json").read_text() == text


def test_an_authority_is_made_once(store):
    store.create_authority(name="test", now=NOW)
    with pytest.raises(DevicesUnusable, match="already"):
        store.create_authority(name="test", now=NOW)


def test_without_an_authority_there_are_no_certificates(store):
    with pytest.raises(DevicesUnusable, match="no authority yet"):
        store.give_certificates([MN], now=NOW)


def test_what_has_not_changed_is_not_written_again(store):
    store.give_passwords([MN], now=NOW)
    published(store, "acl")
    before = (store.for_mosquitto / "acl").stat().st_mtime_ns
    published(store, "acl")
    assert (store.for_mosquitto / "acl").stat().st_mtime_ns == before
