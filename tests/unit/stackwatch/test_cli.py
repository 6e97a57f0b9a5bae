import subprocess
import sys

import pytest

from stackwatch import cli
from stackwatch.errors import UserError


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        pytest.param(["nonsense"], "No such command 'nonsense'", id="an unknown verb is named"),
        pytest.param(["--nonsense"], "No such option", id="an unknown option is named"),
        pytest.param(
            ["doctor", "--nonsense"], "stackwatch doctor --help", id="a verb's unknown option points to its help"
        ),
    ],
)
def test_wrong_usage_is_one_line_and_exit_2(arguments, expected, capsys):
    assert cli.run(arguments) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert expected in lines[0]


def test_what_a_person_did_wrong_is_one_line_and_exit_2(monkeypatch, capsys):
    def fail(**_):
        raise UserError("outlets.csv:3: height_m:\n 'tall' is not a number")

    monkeypatch.setattr(cli.root, "main", fail)
    assert cli.run(["doctor"]) == 2
    assert capsys.readouterr().err == "stackwatch: outlets.csv:3: height_m: 'tall' is not a number\n"


def test_every_verb_of_the_table_has_its_module_and_its_help():
    for verb in cli.VERBS:
        command = cli.root.get_command(None, verb)
        assert command is not None
        assert command.name == verb
        assert command.help


def test_help_names_every_verb_without_loading_the_heavy_parts():
    code = (
        "import sys; from stackwatch.cli import run; run(['--help']); "
        "print(sorted({'faust', 'nicegui', 'aiokafka'} & set(sys.modules)))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert all(verb in out for verb in cli.VERBS)
    assert out.splitlines()[-1] == "[]"


def test_the_version_is_printed(capsys):
    assert cli.run(["--version"]) == 0
    assert "0.1" in capsys.readouterr().out
