"""What ``demo`` and ``simulate`` say to wrong usage, before anything is started."""

import socket

import pytest

from rulebook.register import load_register
from stackwatch.cli import run


@pytest.fixture
def taken():
    """A port that somebody listens on."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        pytest.param(["demo", "--scenario", "atlantis"], "one of liaocheng, quiet, small", id="an unknown scenario"),
        pytest.param(["demo", "--scenario", "no/such.yaml"], "no/such.yaml: expected a file", id="no such file"),
        pytest.param(["demo", "--for", "0"], "0.0 is not in the range", id="no time at all"),
        pytest.param(["demo", "--report", "out"], "--report goes with --for", id="a report of nothing"),
        pytest.param(["simulate", "atlantis"], "one of liaocheng, quiet, small", id="simulate: an unknown scenario"),
        pytest.param(
            ["simulate", "quiet", "--mqtt", "mqtt://h", "--tcp", "h:1"], "either --mqtt or --tcp", id="two ways in"
        ),
        pytest.param(["simulate", "quiet", "--tcp", "nonsense"], "is no address such as", id="no address"),
        pytest.param(["simulate", "quiet", "--ledger", "/dev/null/x"], "--ledger /dev/null/x: ", id="no ledger"),
    ],
)
def test_one_line_and_exit_code_2(arguments, complaint, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run(arguments) == 2
    told = capsys.readouterr().err
    assert complaint in told
    assert told.count("\n") == 1


def test_a_busy_port(taken, capsys, tmp_path):
    assert run(["demo", "--scenario", "quiet", "--port", str(taken), "--data", str(tmp_path / "data")]) == 2
    assert f"port {taken} for the pages cannot be used" in capsys.readouterr().err


def test_a_folder_with_something_in_it_is_left_alone(capsys, tmp_path):
    (tmp_path / "mine").write_text("precious")
    assert run(["demo", "--scenario", "quiet", "--data", str(tmp_path)]) == 2
    assert "expected a new or empty folder" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_simulate_writes_the_register_of_a_scenario(tmp_path):
    assert run(["simulate", "small", "--register", str(tmp_path / "register")]) == 0
    assert len(load_register(tmp_path / "register").outlets) == 8
