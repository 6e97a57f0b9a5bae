"""``stackwatch device`` as an operator uses it."""

import json
import os
import stat

import pytest

from rulebook.loader import SHIPPED
from stackwatch.cli import run

MN, OTHER = "010000A8900016F000169DC0", "88888880000001"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    for name in [name for name in os.environ if name.startswith("STACKWATCH_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("STACKWATCH_REGISTER", str(SHIPPED / "registers" / "example"))
    monkeypatch.setenv("STACKWATCH_DEVICES", str(tmp_path / "devices"))
    return tmp_path / "devices"


def device(*arguments):
    return run(["device", *arguments])


def states(capsys):
    capsys.readouterr()
    device("list", "--json")
    return {row["login"]: row for row in json.loads(capsys.readouterr().out)}


def test_a_password_is_handed_out_in_a_file_and_never_shown(folder, capsys):
    assert device("add", MN) == 0
    said = capsys.readouterr()
    file = folder / "handed-out" / f"{MN}.password"
    assert said.out == f"{MN}: {file}\n"
    assert file.read_text() not in said.out + said.err
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert MN in (folder / "mosquitto" / "passwords").read_text()


def test_a_certificate_needs_an_authority_first(capsys, folder):
    assert device("add", MN, "--certificate") == 2
    assert "stackwatch device ca" in capsys.readouterr().err
    assert device("ca") == 0
    fingerprint = capsys.readouterr().out
    assert device("ca") == 0
    assert capsys.readouterr().out == fingerprint
    assert device("add", MN, "--certificate", "--out", str(folder.parent / "out")) == 0
    assert {path.name for path in (folder.parent / "out").iterdir()} == {f"{MN}.crt", f"{MN}.key"}


def test_the_whole_register_at_once(folder, capsys):
    device("add", MN)
    assert device("add", "--all") == 0
    assert all(row["state"] == "active" for row in states(capsys).values())
    assert device("list") == 0


def test_rotate_and_revoke(folder, capsys):
    device("add", MN)
    first = (folder / "handed-out" / f"{MN}.password").read_text()
    assert device("rotate", MN) == 0
    assert (folder / "handed-out" / f"{MN}.password").read_text() != first
    assert device("revoke", MN) == 0
    assert states(capsys)[MN]["state"] == "revoked"
    assert MN not in (folder / "mosquitto" / "acl").read_text()
    assert device("list") == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(["add"], "which loggers", id="nobody named"),
        pytest.param(["add", "--all", MN], "either MNs or --all", id="somebody and everybody"),
        pytest.param(["add", "4711"], "4711 is not a logger of the register", id="a logger nobody knows"),
        pytest.param(["rotate", OTHER], "no credential; the first one", id="a new one without a first one"),
        pytest.param(["revoke", OTHER], "no credential", id="a revocation of nothing"),
        pytest.param(["add", MN], "has a credential already", id="a second first one"),
    ],
)
def test_what_cannot_be_is_one_line(folder, capsys, arguments, said):
    device("add", MN)
    before = (folder / "devices.json").read_text()
    capsys.readouterr()
    assert device(*arguments) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line
    assert (folder / "devices.json").read_text() == before


def test_a_revoked_logger_comes_back_only_on_purpose(capsys):
    device("add", MN)
    device("revoke", MN)
    assert device("rotate", MN) == 2
    assert "to let it in again: stackwatch device add" in capsys.readouterr().err
    assert device("add", MN) == 0


def test_a_changed_register_reaches_the_brokers_files(folder, tmp_path, monkeypatch):
    device("add", MN)
    smaller = tmp_path / "register"
    smaller.mkdir()
    for path in (SHIPPED / "registers" / "example").iterdir():
        lines = path.read_text().splitlines(keepends=True)
        (smaller / path.name).write_text("".join(line for line in lines if MN not in line))
    monkeypatch.setenv("STACKWATCH_REGISTER", str(smaller))
    assert device("acl") == 0
    assert MN not in (folder / "mosquitto" / "acl").read_text()
    assert MN not in (folder / "emqx" / "acl.conf").read_text()
    assert device("list") == 1


def test_the_authoritys_key_can_be_locked(folder, tmp_path, monkeypatch, capsys):
    (tmp_path / "lock").write_text("opens it")
    monkeypatch.setenv("STACKWATCH_DEVICES_KEY_PASSWORD_FILE", str(tmp_path / "lock"))
    assert device("ca") == 0
    assert "ENCRYPTED" in (folder / "ca.key").read_text()
    monkeypatch.delenv("STACKWATCH_DEVICES_KEY_PASSWORD_FILE")
    capsys.readouterr()
    assert device("add", MN, "--certificate") == 2
    assert "password is wrong" in capsys.readouterr().err
