"""``stackwatch check ledger``: a good run passes, and whatever is taken from one is named with outlet and stage."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from stackwatch.cli import run
from tests.unit.stackwatch.recorded_run import record

Lines = list[bytes]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory) -> Path:
    return record(tmp_path_factory.mktemp("run"))


@pytest.fixture
def folder(recorded, tmp_path) -> Path:
    """A copy of the run to spoil."""
    return shutil.copytree(recorded, tmp_path / "run")


def check(folder: Path, capsys) -> tuple[int, dict]:
    code = run(["check", "ledger", str(folder), "--json"])
    return code, json.loads(capsys.readouterr().out)


def change(folder: Path, name: str, chosen: Callable[[dict], bool], how: Callable[[dict], list[dict]]) -> dict:
    """Replace the first line that is chosen by others; gives back what it was."""
    path = folder / name
    lines = path.read_bytes().splitlines()
    for place, line in enumerate(lines):
        entry = json.loads(line)
        if chosen(entry):
            new = [json.dumps(one, ensure_ascii=False).encode() for one in how(json.loads(line))]
            path.write_bytes(b"".join(one + b"\n" for one in [*lines[:place], *new, *lines[place + 1 :]]))
            return entry
    raise AssertionError(f"no line of {name} is chosen")


def found(content: dict) -> set[tuple[str, str, str]]:
    return {(entry["outlet"], entry["stage"], entry["kind"]) for entry in content["outlets"]}


def test_a_good_run_passes(recorded, capsys):
    code, content = check(recorded, capsys)
    assert code == 0, content["first"]
    assert content["right"]
    assert content["outlets"] == []
    stages = {stage["stage"]: stage for stage in content["stages"]}
    assert all(stage["expected"] == stage["found"] > 0 for stage in stages.values())
    assert stages["judged"]["expected"] == content["ledger"]["expected_hours"]


def test_the_table_says_the_same(recorded, capsys):
    assert run(["check", "ledger", str(recorded)]) == 0
    said = capsys.readouterr().out
    assert "lost 0, wrong 0, late 0, reordered 0, duplicate 0" in said
    assert all(stage in said for stage in ("feed", "quarantine", "readings", "judged", "alerts"))


def lower(entry: dict) -> list[dict]:
    name = next(iter(entry["numbers"]))
    return [{**entry, "numbers": {**entry["numbers"], name: entry["numbers"][name] - 0.01}}]


def without_a_number(entry: dict) -> list[dict]:
    numbers = dict(entry["numbers"])
    numbers.pop(next(iter(numbers)))
    return [{**entry, "numbers": numbers}]


def outlet_of(entry: dict) -> str:
    return entry.get("outlet") or entry.get("id")


ALL: Callable[[dict], bool] = lambda _: True  # noqa: E731
SPOILED = [
    pytest.param("readings", ALL, lambda _: [], "readings", "lost", outlet_of, id="a reading that was not stored"),
    pytest.param(
        "readings",
        lambda e: bool(e["numbers"]),
        without_a_number,
        "readings",
        "lost",
        outlet_of,
        id="one value of a reading",
    ),
    pytest.param(
        "readings", lambda e: bool(e["numbers"]), lower, "readings", "wrong", outlet_of, id="a value that was changed"
    ),
    pytest.param(
        "readings", ALL, lambda e: [e, e], "readings", "duplicate", outlet_of, id="a reading that stands there twice"
    ),
    pytest.param(
        "readings",
        ALL,
        lambda e: [e, {**e, "at": "2026-10-30T00:00:00+08:00"}],
        "readings",
        "wrong",
        outlet_of,
        id="a reading that nobody sent",
    ),
    pytest.param(
        "revisions",
        lambda e: e["revision"] == 0 and e["state"] == "valid",
        lambda _: [],
        "judged",
        "lost",
        outlet_of,
        id="an hour that was never judged",
    ),
    pytest.param("hours", ALL, lambda _: [], "hours", "lost", outlet_of, id="an hour that was judged and not stored"),
    pytest.param(
        "hours",
        lambda e: e["verdict"] == "exceeded",
        lambda e: [{**e, "verdict": "within"}],
        "hours",
        "wrong",
        outlet_of,
        id="a verdict that was turned",
    ),
    pytest.param(
        "hours",
        lambda e: e["converted_mg_m3"] is not None,
        lambda e: [{**e, "converted_mg_m3": e["converted_mg_m3"] + 1e-12}],
        "hours",
        "wrong",
        outlet_of,
        id="the last digit of an hour",
    ),
    pytest.param("rates", ALL, lambda _: [], "rates", "lost", outlet_of, id="a rate that is missing"),
    pytest.param(
        "rates",
        lambda e: e["valid"] > 0,
        lambda e: [{**e, "valid": e["valid"] - 1}],
        "rates",
        "wrong",
        outlet_of,
        id="a rate that counts one hour less",
    ),
    pytest.param(
        "findings",
        lambda e: "outlet" in e["subject"],
        lambda _: [],
        "findings",
        "lost",
        lambda e: e["subject"]["outlet"],
        id="a finding that was not published",
    ),
    pytest.param("cases", ALL, lambda _: [], "cases", "lost", lambda e: e["county"], id="a case that was not opened"),
    pytest.param(
        "alerts",
        lambda e: e["kind"] == "case_month",
        lambda _: [],
        "alerts",
        "lost",
        lambda e: e["county"],
        id="a case that nobody was told of",
    ),
    pytest.param(
        "alerts",
        lambda e: e["kind"] == "alert",
        lambda e: [{**e, "id": "nobody"}, e],
        "alerts",
        "wrong",
        lambda e: e["county"],
        id="an alert of no finding",
    ),
    pytest.param(
        "accounts",
        lambda e: e["relayed"] > 0,
        lambda e: [{**e, "relayed": e["relayed"] + 1}],
        "account",
        "wrong",
        outlet_of,
        id="an account that says another number",
    ),
    pytest.param(
        "accounts",
        ALL,
        lambda e: [{**e, "stored": None}],
        "account",
        "lost",
        outlet_of,
        id="an hour that was never closed",
    ),
    pytest.param(
        "quarantine",
        ALL,
        lambda e: [{**e, "reason": "no_header"}],
        "quarantine",
        "wrong",
        None,
        id="a refusal for another reason",
    ),
    pytest.param(
        "quarantine", ALL, lambda _: [], "quarantine", "lost", None, id="a refused frame that was thrown away"
    ),
]


@pytest.mark.parametrize(("name", "chosen", "how", "stage", "kind", "outlet"), SPOILED)
def test_what_is_spoiled_is_named_with_outlet_and_stage(folder, capsys, name, chosen, how, stage, kind, outlet):
    was = change(folder, f"{name}.ndjson", chosen, how)
    code, content = check(folder, capsys)
    assert code == (kind in {"lost", "wrong"})
    about = found(content)
    assert {(at, what) for _, at, what in about} == {(stage, kind)}
    if outlet is not None:
        assert {who for who, _, _ in about} == {outlet(was)}


def test_an_alert_that_had_to_follow(folder, capsys):
    was = change(folder, "alerts.ndjson", lambda e: e["kind"] == "alert", lambda _: [])
    code, content = check(folder, capsys)
    assert code == 1
    (fault,) = content["first"]
    assert (fault["stage"], fault["kind"], fault["about"][2]) == ("alerts", "lost", was["id"])


HOURLY = "CN=2061"


def test_a_frame_taken_from_the_feed_is_lost_there(folder, capsys):
    was = change(folder, "feed.ndjson", lambda e: HOURLY in e.get("frame", ""), lambda _: [])
    code, content = check(folder, capsys)
    assert code == 1
    fault = content["first"][0]
    assert (fault["stage"], fault["kind"]) == ("feed", "lost")
    assert fault["about"][1] == "CN 2061"
    assert fault["outlet"]
    assert was["mn"]


def test_a_frame_changed_in_the_feed_is_lost_and_the_other_is_nobodys(folder, capsys):
    def turned(entry: dict) -> list[dict]:
        return [{**entry, "frame": entry["frame"].replace("Flag=N", "Flag=D", 1)}]

    change(folder, "feed.ndjson", lambda e: HOURLY in e.get("frame", "") and "Flag=N" in e["frame"], turned)
    code, content = check(folder, capsys)
    assert code == 1
    assert {("feed", "lost"), ("feed", "wrong")} <= {(stage, kind) for _, stage, kind in found(content)}


@pytest.mark.parametrize(
    ("kind", "about"),
    [pytest.param("due", "roll call", id="a roll call"), pytest.param("mark", "mark", id="a mark")],
)
def test_what_people_and_the_clock_say_stands_in_the_feed_too(folder, capsys, kind, about):
    was = change(folder, "feed.ndjson", lambda e: e["kind"] == kind, lambda _: [])
    code, content = check(folder, capsys)
    assert code == 1
    fault = content["first"][0]
    assert (fault["stage"], fault["kind"], fault["outlet"], fault["about"][0]) == ("feed", "lost", was["outlet"], about)


def test_a_frame_behind_a_later_one_is_told_and_is_no_failure_by_itself(folder, capsys):
    path = folder / "feed.ndjson"
    lines = path.read_bytes().splitlines()
    heard: dict[str, int] = {}
    for place, line in enumerate(lines):
        entry = json.loads(line)
        if entry["kind"] == "packet" and "CN=2011" in entry["frame"]:
            if (before := heard.get(entry["mn"])) is not None:
                break
            heard[entry["mn"]] = place
    lines[before], lines[place] = lines[place], lines[before]
    path.write_bytes(b"\n".join(lines) + b"\n")
    _, content = check(folder, capsys)
    assert ("feed", "reordered") in {(stage, kind) for _, stage, kind in found(content)}
    assert ("feed", "lost") not in {(stage, kind) for _, stage, kind in found(content)}


def test_a_value_that_was_held_up_past_its_roll_call_is_late(folder, capsys):
    def later(entry: dict) -> list[dict]:
        return [{**entry, "received_at": "2026-10-31T12:00:00.000+08:00"}]

    change(folder, "feed.ndjson", lambda e: HOURLY in e.get("frame", ""), later)
    _, content = check(folder, capsys)
    assert ("feed", "late") in {(stage, kind) for _, stage, kind in found(content)}


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        pytest.param("ledger.jsonl", None, "ledger.jsonl: expected the ledger of a run", id="no ledger"),
        pytest.param("feed.ndjson", None, "feed.ndjson: expected a file of a run", id="no feed"),
        pytest.param("hours.ndjson", b'{"kind":"due"}\n', "hours.ndjson:1: expected a line of kind hour", id="no hour"),
        pytest.param(
            "ledger.jsonl", b'{"kind":"sent","number":"x"}\n', "ledger.jsonl:1: number: Expected `int`", id="a field"
        ),
        pytest.param("ledger.jsonl", b"[]\n", "ledger.jsonl:1: expected a JSON object with a kind", id="no object"),
        pytest.param("alerts.ndjson", b"{}\n", "alerts.ndjson:1: ", id="no alert"),
        pytest.param("register/outlets.csv", b"id\n", "outlets.csv", id="no register"),
    ],
)
def test_a_bad_folder_is_one_line_and_exit_code_2(folder, capsys, name, content, complaint):
    path = folder / name
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
    assert run(["check", "ledger", str(folder)]) == 2
    told = capsys.readouterr().err
    assert complaint in told
    assert told.count("\n") == 1


def test_no_folder_at_all(capsys, tmp_path):
    assert run(["check", "ledger", str(tmp_path / "nowhere")]) == 2
    assert "expected the folder that a run leaves behind" in capsys.readouterr().err
