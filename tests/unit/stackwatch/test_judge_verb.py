"""``stackwatch judge`` over files: formats, options, exit codes."""

import json
from pathlib import Path

import pytest

from rulebook.register import load_register
from stackwatch.cli import run
from tests.golden import story
from tests.golden.test_months import MONTHS

REGISTER = MONTHS / "register"
DAY = {"from": "2026-10-01T00:00", "to": "2026-10-02T00:00"}


@pytest.fixture
def feed(tmp_path: Path) -> Path:
    late = {"outlets": ["E1-1"], "from": "2026-10-01T05:00", "to": "2026-10-01T06:00", "received": "2026-10-01T12:00"}
    path = tmp_path / "feed.ndjson"
    lines = story.feed(DAY | {"except": [late]}, load_register(REGISTER))
    path.write_bytes(b"\n".join([*lines, b"{broken", b""]))
    return path


def judge(capfdbinary, *options: str) -> tuple[int, list[dict[str, object]], str]:
    code = run(["judge", "--register", str(REGISTER), *options])
    out, err = capfdbinary.readouterr()
    return code, [json.loads(line) for line in out.splitlines()], err.decode()


AS_OF = ("--as-of", "2026-10-02T02:00:00+08:00")


def test_hour_lines_have_the_fields_of_the_interface(feed, capfdbinary):
    _, lines, _ = judge(capfdbinary, *AS_OF, str(feed))
    hour = next(line for line in lines if line["kind"] == "hour" and line["pollutant"] == "a21026")
    expected = {
        "kind": "hour", "outlet": "E1-1", "pollutant": "a21026", "hour": "2026-10-01T00:00:00+08:00",
        "state": "valid", "reason": "ok", "in_time": True, "raw_mg_m3": 12.02, "converted_mg_m3": 12.02,
        "limit_mg_m3": 35.0, "verdict": "within", "revision": 0, "cause": None,
    }  # fmt: skip
    assert {name: hour[name] for name in expected} == expected


def test_rate_lines_have_the_fields_of_the_interface(feed, capfdbinary):
    _, lines, _ = judge(capfdbinary, *AS_OF, str(feed))
    rate = next(
        line for line in lines if line["kind"] == "rate" and line["level"] == "city" and line["window"] == "month"
    )
    expected = {
        "kind": "rate", "level": "city", "id": "371500", "window": "month", "period": "2026-10", "track": "in_time",
        "due": 225, "excluded": 0, "expected": 225, "received": 213, "valid": 213, "transmission_pct": 94.67,
        "validity_pct": 100.0, "effective_pct": 94.67,
    }  # fmt: skip
    assert {name: rate[name] for name in expected} == expected


def test_a_refused_line_names_its_number_and_stops_nothing(feed, capfdbinary):
    code, lines, _ = judge(capfdbinary, *AS_OF, str(feed))
    (rejected,) = [line for line in lines if line["kind"] == "rejected"]
    assert (code, rejected["reason"], rejected["line"]) == (0, "bad_line", 4 * 24 + 1)


def test_only_the_last_revision_unless_all_are_asked_for(feed, capfdbinary):
    def revisions(*options: str) -> list[object]:
        _, lines, _ = judge(capfdbinary, *AS_OF, *options, str(feed))
        return [
            line["revision"]
            for line in lines
            if line["kind"] == "hour"
            and (line["outlet"], line["pollutant"], line["hour"]) == ("E1-1", "a21026", "2026-10-01T05:00:00+08:00")
        ]

    assert revisions() == [1]
    assert revisions("--revisions") == [0, 1]


def test_the_roll_call_of_the_very_instant_is_made(feed, capfdbinary):
    def due(as_of: str) -> object:
        _, lines, _ = judge(capfdbinary, "--as-of", as_of, str(feed))
        return next(r["due"] for r in lines if r["kind"] == "rate" and r["id"] == "E4-1" and r["window"] == "year")

    assert due("2026-10-01T12:00:00+08:00") == 2 * 11
    assert due("2026-10-01T11:59:59+08:00") == 2 * 10


def test_diff_prints_only_what_another_rulebook_changes(feed, capfdbinary, tmp_path):
    run(["judge", "--register", str(REGISTER), *AS_OF, str(feed)])
    old = tmp_path / "old.ndjson"
    old.write_bytes(capfdbinary.readouterr().out)
    code, same, _ = judge(capfdbinary, *AS_OF, "--diff", str(old), str(feed))
    assert (code, same) == (0, [])
    feed.write_bytes(feed.read_bytes().replace(b"{broken", b""))
    code, changed, _ = judge(capfdbinary, *AS_OF, "--diff", str(old), str(feed))
    assert code == 1
    assert [(d["about"], d["new"]) for d in changed] == [(["rejected", 97], None)]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        pytest.param(["nowhere.ndjson"], "nowhere.ndjson", id="no such feed"),
        pytest.param(["--as-of", "yesterday", "-"], "yesterday", id="no time"),
        pytest.param(["--rulebook", "/nowhere", "-"], "/nowhere", id="no such rulebook"),
        pytest.param(["--diff", "/nowhere.ndjson", "-"], "/nowhere.ndjson", id="nothing to compare with"),
        pytest.param([], "FEED", id="no feed named"),
    ],
)
def test_what_is_wrong_is_said_and_the_exit_code_is_2(options, said, capfdbinary):
    code, lines, error = judge(capfdbinary, *options)
    assert (code, lines) == (2, [])
    assert said in error
    assert "Traceback" not in error
