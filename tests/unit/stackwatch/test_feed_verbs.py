"""``redrive`` and ``replay`` asked for what cannot be: one line that says what, and exit code 2."""

import io

import pytest

from stackwatch.cli import run
from stackwatch.embedded.ports import free_port
from stackwatch.progress import Progress


@pytest.fixture(autouse=True)
def nowhere(monkeypatch, tmp_path):
    """Settings of a place where nothing runs."""
    monkeypatch.setenv("STACKWATCH_KAFKA", f"127.0.0.1:{free_port()}")
    monkeypatch.setenv("STACKWATCH_DATABASE", f"sqlite:///{tmp_path}/alerts.sqlite")
    monkeypatch.setenv("STACKWATCH_SERIES", f"sqlite:///{tmp_path}/series.sqlite")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(["redrive"], "say which lines", id="no lines"),
        pytest.param(["redrive", "--from", "yesterday"], "'yesterday' is not a time", id="no moment"),
        pytest.param(["redrive", "--all"], "Kafka at 127.0.0.1", id="Kafka is away"),
        pytest.param(["redrive", "--all", "--by", " "], "Kafka at 127.0.0.1", id="Kafka is away, and nobody asks"),
        pytest.param(["replay"], "say where to", id="nowhere to"),
        pytest.param(["replay", "--reset-only"], "say where to", id="a reset without a rebuild"),
        pytest.param(["replay", "--rebuild", "--from", "2026-11-01"], "takes the whole feed", id="a rebuild of a part"),
        pytest.param(
            ["replay", "--out", "x", "--from", "2026-12-01", "--to", "2026-11-01"], "not before", id="backwards"
        ),
        pytest.param(["replay", "--series", "nonsense"], "STACKWATCH_SERIES='nonsense'", id="a store that is none"),
        pytest.param(["replay", "--rebuild"], "Kafka at 127.0.0.1", id="a rebuild without Kafka"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(arguments, said, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run(arguments) == 2
    complaint = capsys.readouterr().err
    assert said in complaint
    assert "Traceback" not in complaint


def test_progress_is_plain_lines_where_there_is_no_terminal(monkeypatch):
    monkeypatch.setattr("stackwatch.progress.EVERY_S", 0.0)
    out = io.StringIO()
    with Progress("rebuild", unit="messages", file=out) as shown:
        shown.reach(50, 200)
        shown.reach(200, 200)
    assert out.getvalue().splitlines()[:2] == [
        "rebuild: 50 of 200 (25 %) messages",
        "rebuild: 200 of 200 (100 %) messages",
    ]


def test_progress_is_a_bar_on_a_terminal(monkeypatch):
    out = io.StringIO()
    monkeypatch.setattr(out, "isatty", lambda: True)
    with Progress("rebuild", unit="messages", file=out) as shown:
        shown.reach(200, 200)
    assert "[####" in out.getvalue()
    assert "200/200" in out.getvalue()


def test_progress_without_a_total_counts():
    out = io.StringIO()
    with Progress("redrive", unit="lines", file=out) as shown:
        shown.reach(7)
    assert out.getvalue() == "redrive: 7 lines\n"
