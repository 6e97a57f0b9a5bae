"""``stackwatch check`` and ``stackwatch audit``: exit codes, and what stands on which stream."""

import json
from datetime import datetime

import pytest
from click.testing import CliRunner

from contracts.feed import encode_line, monitor_line, packet_line
from emissions.beijing import BEIJING
from rulebook.loader import load_rules
from stackwatch.verbs import audit, check
from tests.unit.rulebook.folders import (
    ENTERPRISES,
    EXAMPLE,
    OUTLET,
    SECOND,
    outlets_csv,
    register_folder,
    replaced,
    rulebook_folder,
)

NOW = datetime(2026, 11, 24, 10, 0, 3, tzinfo=BEIJING)
FRAME = (
    b"##0442QN=20261124100000123;ST=31;CN=2011;PW=123456;MN=010000A8900016F000169DC0;Flag=5;CP=&&DataTime=20261124100000;"
    b"a34013-Rtd=2.31,a34013-ZsRtd=2.26,a34013-Flag=N;a21026-Rtd=12.40,a21026-ZsRtd=12.15,a21026-Flag=N;"
    b"a21002-Rtd=31.60,a21002-ZsRtd=30.96,a21002-Flag=N;a19001-Rtd=5.69,a19001-Flag=N;a01011-Rtd=11.82,a01011-Flag=N;"
    b"a01012-Rtd=51.3,a01012-Flag=N;a01013-Rtd=-0.085,a01013-Flag=N;a01014-Rtd=11.9,a01014-Flag=N;"
    b"a00000-Rtd=258.4,a00000-Flag=N&&C0C1"
)


def run(command, *arguments):
    return CliRunner().invoke(command, [str(argument) for argument in arguments], catch_exceptions=False)


# -- check -------------------------------------------------------------------------------------------------------------


def test_a_good_register_is_said_to_be_fine():
    result = run(check.command, "register", EXAMPLE)
    assert result.exit_code == 0
    assert "divisions 4, enterprises 5, outlets 7, of which must be monitored 6" in result.stdout
    assert result.stderr == ""


def test_each_problem_of_a_register_is_a_line_on_stderr(tmp_path):
    folder = register_folder(tmp_path, outlets=outlets_csv(OUTLET | {"height_m": "x"}, SECOND | {"standard": "x"}))
    result = run(check.command, "register", folder)
    assert result.exit_code == 2
    assert result.stdout == ""
    first, second = result.stderr.splitlines()
    assert first == f"{folder}/outlets.csv:2: height_m: expected a number greater than 0 and less than 1000, found 'x'"
    assert second.startswith(
        f"{folder}/outlets.csv:3: standard: expected one of the rulebook's standards DB37-2374-2018"
    )


def test_a_warning_is_said_and_is_no_error(tmp_path):
    folder = register_folder(tmp_path, enterprises=ENTERPRISES.replace("food", "fod"))
    result = run(check.command, "register", folder)
    assert result.exit_code == 0
    assert result.stderr.startswith(f"warning: {folder}/enterprises.csv:3: industry: expected one of the industries")


def test_a_register_is_checked_against_the_rulebook_given(tmp_path):
    (tmp_path / "rulebook").mkdir()
    (tmp_path / "register").mkdir()
    book = rulebook_folder(tmp_path / "rulebook")
    (book / "standards" / "OURS.yaml").write_text(
        "rows: [{category: kiln, pollutant: a34013, limit_mg_m3: 5, reference_o2_pct: 6, from: 2026-01-01, clause: a}]"
    )
    ours = OUTLET | {"standard": "OURS", "category": "kiln", "pollutants": "a34013"}
    folder = register_folder(tmp_path / "register", outlets=outlets_csv(ours))
    assert run(check.command, "register", folder).exit_code == 2
    assert run(check.command, "register", folder, "--rulebook", book).exit_code == 0


def test_the_shipped_rulebook_is_fine_and_says_what_nobody_has_checked():
    result = run(check.command, "rulebook")
    assert result.exit_code == 0
    assert "of which not compared with the printed text" in result.stdout
    assert load_rules().version in result.stdout


def test_each_problem_of_a_rulebook_is_a_line_on_stderr(tmp_path):
    folder = rulebook_folder(tmp_path)
    line = replaced(folder, "parameters.yaml", "unit: m\n", "unit: km\n")
    (folder / "channels.yaml").unlink()
    result = run(check.command, "rulebook", folder)
    assert result.exit_code == 2
    assert result.stderr.splitlines() == [
        f"{folder}/parameters.yaml:{line}: coverage.height.unit: expected 'm', found 'km'",
        f"{folder}/channels.yaml: expected a file, found nothing",
    ]


@pytest.mark.parametrize("what", ["register", "rulebook"])
def test_a_folder_that_is_not_there_is_one_line(tmp_path, what):
    result = run(check.command, what, tmp_path / "nowhere")
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1


# -- audit -------------------------------------------------------------------------------------------------------------


def test_the_audit_lists_who_has_none():
    result = run(audit.command, "--register", EXAMPLE)
    assert result.exit_code == 1
    assert "E03-2" in result.stdout
    assert "missing 1" in result.stdout


def test_the_audit_as_json():
    result = run(audit.command, "--register", EXAMPLE, "--json")
    assert result.exit_code == 1
    report = json.loads(result.stdout)
    (gap,) = report.pop("gaps")
    assert report == {"outlets": 7, "must_monitor": 6, "missing": 1, "rulebook": load_rules().version}
    assert (gap["outlet"], gap["county"], gap["status"], gap["grounds"]) == (
        "E03-2",
        "371502",
        "no_monitor",
        ["coal_boiler"],
    )


def test_a_register_without_gaps_exits_0(tmp_path):
    result = run(audit.command, "--register", register_folder(tmp_path))
    assert result.exit_code == 0
    assert result.stdout == "must be monitored 2 of 2 outlets, missing 0\n"


def test_an_exemption_is_shown_and_is_no_gap(tmp_path):
    folder = register_folder(tmp_path, outlets=outlets_csv(OUTLET | {"mn": "", "must_monitor": "false"}))
    result = run(audit.command, "--register", folder, "--json")
    assert result.exit_code == 0
    assert [gap["status"] for gap in json.loads(result.stdout)["gaps"]] == ["exempted"]


@pytest.mark.parametrize(
    ("lines", "silent"),
    [
        pytest.param([], ["O1", "O2"], id="an empty feed: nobody has sent"),
        pytest.param([packet_line(NOW, OUTLET["mn"], FRAME)], ["O2"], id="one has sent"),
        pytest.param(
            [packet_line(NOW, OUTLET["mn"], FRAME[:-1] + b"0")], ["O1", "O2"], id="a refused frame is nothing"
        ),
        pytest.param(
            [monitor_line(NOW, "O2", b'{"cn": "2011", "data_time": "20261124100000", "values": {}}')],
            ["O1"],
            id="a JSON monitor has sent",
        ),
    ],
)
def test_the_audit_over_a_feed_lists_who_never_sent(tmp_path, lines, silent):
    feed = tmp_path / "feed.jsonl"
    feed.write_bytes(b"".join(encode_line(line) + b"\n" for line in lines) + b"no feed line\n\n")
    result = run(audit.command, "--register", register_folder(tmp_path), "--feed", feed, "--json")
    assert [(gap["outlet"], gap["status"]) for gap in json.loads(result.stdout)["gaps"]] == [
        (outlet, "never_sent") for outlet in silent
    ]
    assert result.exit_code == 1


def test_a_bad_register_ends_the_audit_with_2(tmp_path):
    folder = register_folder(tmp_path, outlets=outlets_csv(OUTLET | {"height_m": "x"}))
    result = run(audit.command, "--register", folder)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1
