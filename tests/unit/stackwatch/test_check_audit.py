"""``stackwatch check audit``: an edit, a removal and a reorder are found and named."""

from pathlib import Path

import pytest
from sqlalchemy import text

from alerts import outbox
from alerts.database import open_database, upgrade
from alerts.repository import Repository
from stackwatch.cli import run
from tests.unit.alerts.scene import T0, exceedance, low_rate


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("audit")
    url = f"sqlite:///{folder}/alerts.db"
    upgrade(url)
    engine = open_database(url)
    desk = Repository(engine)
    desk.take_in([exceedance(hours) for hours in (1, 2, 3)] + [low_rate("2026-10")], now=T0)
    desk.acknowledge("f1", by="张三", now=T0)
    desk.silences.begin(by="李四", reason="检修", county="371502", ends_at=T0.replace(hour=12), now=T0)
    desk.anchor(now=T0)
    lines = [letter.payload for letter in outbox.waiting(engine, outbox.KAFKA)]
    (folder / "published.ndjson").write_text("\n".join(lines) + "\n", encoding="utf-8")
    with engine.begin() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return folder


@pytest.fixture
def place(original: Path, tmp_path: Path) -> Path:
    for name in ("alerts.db", "published.ndjson"):
        (tmp_path / name).write_bytes((original / name).read_bytes())
    return tmp_path


def tamper(place: Path, *statements: str) -> None:
    engine = open_database(f"sqlite:///{place}/alerts.db")
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def check(place: Path, *more: str) -> int:
    return run(["check", "audit", f"sqlite:///{place}/alerts.db", *more])


def test_an_untouched_database_is_fine(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(place, "--against", str(place / "published.ndjson")) == 0
    said = capsys.readouterr().out
    assert "alert_events: fine: 4 lines" in said
    assert "desk_events: fine: 1 lines" in said
    assert "published seals" in said


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        pytest.param("UPDATE alert_events SET by = '王五' WHERE sequence = 4", "line 4", id="another name"),
        pytest.param("UPDATE alert_events SET detail = '{}' WHERE sequence = 2", "line 2", id="another detail"),
        pytest.param("DELETE FROM alert_events WHERE sequence = 2", "line 2 is missing", id="a line taken out"),
        pytest.param(
            "UPDATE alert_events SET sequence = -1 WHERE sequence = 2;"
            "UPDATE alert_events SET sequence = 2 WHERE sequence = 3;"
            "UPDATE alert_events SET sequence = 3 WHERE sequence = -1",
            "line 2",
            id="two lines changed places",
        ),
        pytest.param("DELETE FROM alert_events WHERE sequence = 4", "ends at line 3", id="the end cut off"),
        pytest.param("UPDATE desk_events SET reason = '别的' WHERE sequence = 1", "line 1", id="the desk's log"),
    ],
)
def test_what_was_done_to_it_is_named(
    place: Path, statement: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    tamper(place, *statement.split(";"))
    assert check(place) == 1
    (line,) = [line for line in capsys.readouterr().out.splitlines() if "broken" in line]
    assert says in line
    assert line.startswith("desk_events" if "desk" in statement else "alert_events")


def test_a_cut_end_with_a_new_head_is_found_by_what_was_published(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tamper(
        place,
        "DELETE FROM alert_events WHERE sequence = 4",
        "UPDATE audit_chains SET length = 3, hash = (SELECT hash FROM alert_events WHERE sequence = 3)"
        " WHERE name = 'alert_events'",
    )
    assert check(place) == 0
    assert check(place, "--against", str(place / "published.ndjson")) == 1
    assert "alert_events: broken at line 4" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param(["sqlite:///nowhere/alerts.db"], "no such file", id="no database"),
        pytest.param(["mysql://x/y"], "sqlite or postgresql", id="a database of another kind"),
    ],
)
def test_what_cannot_be_checked_is_one_line(
    arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["check", "audit", *arguments]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert says in line


def test_a_file_that_is_no_topic_is_named_with_its_line(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = place / "bad.ndjson"
    bad.write_text('{"kind": "finding"}\nnonsense\n')
    assert check(place, "--against", str(bad)) == 2
    assert "bad.ndjson: line 2" in capsys.readouterr().err
