"""What the settings say about log-in, put together; what is missing is told before anybody is let in."""

import json
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from emissions.register import Register
from stackwatch.access import access_of
from stackwatch.cli import run
from stackwatch.demo.people import county_of_the_story, make_people
from stackwatch.demo.scenarios import scenario_of
from stackwatch.errors import UserError
from stackwatch.settings import Settings
from tests.unit.web import town
from tests.unit.web.crowd import CHEAP

SECRET = "0123456789abcdef" * 4


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Writes a file; hashes are cheap meanwhile."""
    monkeypatch.setattr("web.access.noting.Passwords", lambda: CHEAP)

    def written(name: str, content: str) -> Path:
        (tmp_path / name).write_text(content)
        return tmp_path / name

    return written


def access(register: Register | None = None, **given: object):
    return access_of(Settings(**given), create_engine("sqlite://"), register or town.register())


def test_without_a_secret_nobody_is_let_in(file):
    with pytest.raises(UserError, match=r"STACKWATCH_SESSION_SECRET_FILE.*openssl rand"):
        access()
    with pytest.raises(UserError, match="at least 32"):
        access(session_secret_file=file("secret", "short"))


def test_the_web_process_says_so_and_ends(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("STACKWATCH_DATABASE", f"sqlite:///{tmp_path}/alerts.sqlite")
    monkeypatch.setenv("STACKWATCH_SERIES", f"sqlite:///{tmp_path}/series.sqlite")
    monkeypatch.setenv("STACKWATCH_WEB_PORT", "0")
    monkeypatch.delenv("STACKWATCH_SESSION_SECRET_FILE", raising=False)
    assert run(["web"]) == 2
    assert "STACKWATCH_SESSION_SECRET_FILE" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "https"),
    [
        pytest.param({}, False, id="plain"),
        pytest.param({"web_address": "https://stackwatch.example.cn/"}, True, id="TLS at a proxy"),
        pytest.param({"web_address": "http://10.0.0.5:8080"}, False, id="plain inside a bureau"),
        pytest.param({"web_certificate_file": Path("cert.pem")}, True, id="TLS here"),
    ],
)
def test_cookies_are_kept_to_tls_where_people_come_over_it(file, given, https):
    made = access(session_secret_file=file("secret", SECRET), **given)
    assert made.https is https
    assert made.address == given.get("web_address", "").rstrip("/")


def test_the_identity_provider_is_described_whole_or_not_at_all(file):
    secret = {"session_secret_file": file("secret", SECRET)}
    assert access(**secret).provider is None
    with pytest.raises(UserError, match="STACKWATCH_OIDC_CLIENT_SECRET_FILE"):
        access(**secret, oidc_issuer="https://id.example.cn", oidc_client_id="stackwatch")
    made = access(
        **secret,
        oidc_issuer="https://id.example.cn/",
        oidc_client_id="stackwatch",
        oidc_client_secret_file=file("client", "a secret of two"),
    )
    assert made.provider.issuer == "https://id.example.cn"
    assert "a secret of two" not in repr(made)
    assert SECRET not in repr(made)


def test_ready_accounts_are_shown_by_a_demo_only(file):
    shown = file("shown", json.dumps([{"login": "li", "password": "p", "role": "viewer", "county": None}]))
    given = {"session_secret_file": file("secret", SECRET), "shown_logins_file": shown}
    with pytest.raises(UserError, match="only for a demo"):
        access(**given)
    (one,) = access(**given, clock="2026-11-01T00:00:00+08:00@600").shown_logins
    assert one.login == "li"
    with pytest.raises(UserError, match="STACKWATCH_SHOWN_LOGINS_FILE"):
        access(**(given | {"shown_logins_file": file("bad", "[1]")}), clock="2026-11-01T00:00:00+08:00@600")


def test_the_demo_has_one_account_for_each_role_in_the_county_of_the_story(tmp_path, monkeypatch):
    scenario = scenario_of("small")
    assert county_of_the_story(scenario) == "371502"
    monkeypatch.setattr("web.access.noting.Passwords", lambda: CHEAP)
    made = make_people(tmp_path, f"sqlite:///{tmp_path}/alerts.sqlite", "371502")
    shown = json.loads(made.shown_logins_file.read_text())
    assert [(one["role"], one["county"]) for one in shown] == [
        ("viewer", None),
        ("inspector", "371502"),
        ("county_head", "371502"),
        ("city_supervisor", None),
        ("administrator", None),
    ]
    assert len(made.secret_file.read_text()) == 64
    for path in (made.secret_file, made.shown_logins_file):
        assert path.stat().st_mode & 0o077 == 0
