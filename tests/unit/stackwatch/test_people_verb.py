"""``stackwatch people``: the first administrator, the others, and tokens, from the command line."""

import json
from pathlib import Path

import pytest

from alerts.database import open_database
from stackwatch.cli import run
from tests.unit.web.crowd import CHEAP
from web.access.desk import LogInRefused, PeopleDesk

PASSWORD = "rain over the river 42"


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    url = f"sqlite:///{tmp_path}/alerts.sqlite"
    monkeypatch.setenv("STACKWATCH_DATABASE", url)
    monkeypatch.setattr("web.access.noting.Passwords", lambda: CHEAP)
    return url


@pytest.fixture
def secret(tmp_path: Path) -> str:
    file = tmp_path / "password"
    file.write_text(f"{PASSWORD}\n")
    return str(file)


def said(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    assert run(["people", *arguments]) == code
    out, err = capsys.readouterr()
    return err if code else out


def entered(database: str, login: str, password: str):
    engine = open_database(database)
    try:
        return PeopleDesk(engine).log_in(login, password, address="t").person
    finally:
        engine.dispose()


def test_the_first_administrator_by_one_command(database, capsys):
    told = said(capsys, "add", "Root", "--role", "administrator", "--generate")
    password = told.splitlines()[1].rpartition(": ")[2]
    person = entered(database, "root", password)
    assert (person.role, person.county, person.must_change) == ("administrator", None, True)


def test_somebody_with_a_password_from_a_file(database, secret, capsys):
    told = said(
        capsys, "add", "li", "--role", "inspector", "--county", "371502", "--name", "李四", "--password-file", secret
    )
    assert told == "li: inspector of 371502\n"
    person = entered(database, "li", PASSWORD)
    assert (person.by, person.must_change) == ("李四 (li)", False)
    (row,) = json.loads(said(capsys, "list", "--json"))
    assert (row["login"], row["county"], row["state"]) == ("li", "371502", "")
    assert PASSWORD not in said(capsys, "list")


def test_a_password_from_standard_input(database, capsys, monkeypatch):
    import io

    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))
    said(capsys, "add", "li", "--role", "viewer", "--password-file", "-")
    assert entered(database, "li", PASSWORD).role == "viewer"


def test_disabled_enabled_and_reset(database, secret, capsys):
    said(capsys, "add", "li", "--role", "viewer", "--password-file", secret)
    said(capsys, "disable", "li")
    with pytest.raises(LogInRefused):
        entered(database, "li", PASSWORD)
    assert "disabled" in said(capsys, "list")
    said(capsys, "enable", "li")
    assert entered(database, "li", PASSWORD)
    made = said(capsys, "reset", "li").strip().rpartition(": ")[2]
    assert entered(database, "li", made).must_change


def test_tokens_are_shown_once_listed_and_revoked(database, capsys):
    token = said(capsys, "token", "add", "报表", "--role", "viewer", "--days", "7").strip()
    engine = open_database(database)
    desk = PeopleDesk(engine)
    assert desk.person_of_token(token).by == "token:报表"
    listed = said(capsys, "token", "list", "--json")
    assert token not in listed
    said(capsys, "token", "revoke", json.loads(listed)[0]["number"])
    assert desk.person_of_token(token) is None
    engine.dispose()


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        pytest.param(("add", "li", "--role", "king", "--generate"), "king", id="no such role"),
        pytest.param(("add", "li", "--role", "inspector", "--generate"), "county", id="an inspector of nowhere"),
        pytest.param(
            ("add", "li", "--role", "inspector", "--county", "999999", "--generate"), "999999", id="an unknown county"
        ),
        pytest.param(("add", "li", "--role", "viewer"), "--password-file", id="no terminal to ask at"),
        pytest.param(("add", "l i", "--role", "viewer", "--generate"), "l i", id="a name with a space"),
        pytest.param(
            ("add", "li", "--role", "viewer", "--generate", "--provider"), "one at a time", id="two ways at once"
        ),
        pytest.param(("add", "li", "--role", "viewer", "--password-file", "/nowhere"), "/nowhere", id="no such file"),
        pytest.param(("disable", "nobody"), "nobody", id="nobody of that name"),
        pytest.param(("token", "revoke", "7"), "7", id="no such token"),
    ],
)
def test_what_cannot_be_is_one_line_and_exit_code_2(database, capsys, monkeypatch, arguments, named):
    class NoTerminal:
        def isatty(self) -> bool:
            return False

    monkeypatch.setattr("sys.stdin", NoTerminal())
    error = said(capsys, *arguments, code=2)
    assert error.startswith("stackwatch: ")
    assert len(error.splitlines()) == 1
    assert named in error


def test_the_last_administrator_cannot_be_shut_out(database, capsys):
    said(capsys, "add", "root", "--role", "administrator", "--generate")
    assert "only administrator" in said(capsys, "disable", "root", code=2)
    said(capsys, "add", "second", "--role", "administrator", "--provider")
    said(capsys, "disable", "root")
