"""A case's bundle verified by somebody who has nothing but the bundle and the software."""

import hashlib
import io
import json
import zipfile
from datetime import datetime, timedelta

import pytest
from click.testing import CliRunner

from emissions.beijing import BEIJING
from stackwatch.verbs.judge import command
from tests.unit.web.reports.conftest import NOW
from web.evidence import frames
from web.evidence.bundle import evidence_bundle
from web.packets import NoPackets, PacketsUnavailable


@pytest.fixture(scope="module")
def files(ready, tmp_path_factory):
    import asyncio

    with ready.sources(tmp_path_factory.mktemp("evidence"), NOW) as sources:
        (case,) = sources.alerts.cases()
        sources.alerts.advance_case(case.id, by="李四", now=NOW)
        case = sources.alerts.case(case.id)
        content = asyncio.run(evidence_bundle(sources, case))
        assert content == asyncio.run(evidence_bundle(sources, case)), "the same state gives the same bytes"
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        assert packed.testzip() is None
        return {name: packed.read(name) for name in packed.namelist()}


def lines(content):
    return [json.loads(line) for line in content.splitlines()]


def test_every_file_is_what_the_manifest_says(files):
    manifest = json.loads(files["manifest.json"])
    said = manifest["sha256"]
    assert said == {name: hashlib.sha256(c).hexdigest() for name, c in files.items() if name != "manifest.json"}
    assert manifest["periods"] == ["2026-10"]


@pytest.fixture(scope="module")
def replayed(files, tmp_path_factory):
    """What ``stackwatch judge`` says of each cut, from the bundle's files alone, as its README tells."""
    folder = tmp_path_factory.mktemp("unpacked")
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    found = []
    for line in json.loads(files["manifest.json"])["commands"]:
        parts, _, judge = line.removeprefix("cat ").partition(" | stackwatch judge ")
        feed = b"".join((folder / part).read_bytes() for part in parts.split())
        options = judge.split()
        options[1], options[3] = f"{folder}/register", f"{folder}/rulebook"
        done = CliRunner().invoke(command, options, input=feed)
        assert done.exit_code == 0, done.output
        found.append(lines(done.stdout_bytes))
    return found


def test_the_frames_give_the_same_figures_again_as_settled_and_as_now(files, replayed):
    (expected,) = json.loads(files["expected.json"])["figures"]
    assert [cut["name"] for cut in expected["cuts"]] == ["settlement", "now"]
    assert [cut["effective_pct"] for cut in expected["cuts"]] == [84.95, 89.78]
    assert expected["evidence"]["valid"] == expected["cuts"][0]["valid"]
    for cut, said in zip(expected["cuts"], replayed, strict=True):
        (rate,) = [
            line
            for line in said
            if line["kind"] == "rate"
            and all(line[name] == expected[name] for name in ("level", "id", "window", "period", "track"))
        ]
        assert all(rate[name] == cut[name] for name in ("due", "excluded", "expected", "received", "valid"))
        assert rate["effective_pct"] == cut["effective_pct"]


def test_every_hour_comes_out_again_with_its_state_its_value_and_its_verdict(files, replayed):
    names = ("state", "reason", "in_time_state", "raw_mg_m3", "converted_mg_m3", "limit_mg_m3", "verdict")
    again = {
        (line["outlet"], line["pollutant"], line["hour"]): [line[name] for name in names]
        for line in replayed[-1]
        if line["kind"] == "hour" and line["hour"].startswith("2026-10")
    }
    said = {
        (line["outlet"], line["pollutant"], line["hour"]): [line[name] for name in names]
        for line in lines(files["hours/2026-10.ndjson"])
    }
    assert said == again
    assert len(said) == 744 * 2


def test_the_trace_leads_from_each_value_to_its_frame_and_calculates_again(files):
    traced = lines(files["trace/2026-10.ndjson"])
    assert len(traced) == 744 * 2
    for hour in traced:
        inputs, conversion = hour["inputs"], hour["conversion"]
        if hour["state"]["completed"] == "missing":
            assert inputs["frame"] is None
            continue
        place = inputs["frame"]
        packet = json.loads(files[place["file"]].splitlines()[place["line"] - 1])
        assert f"QN={inputs['qn']}" in packet["frame"]
        assert f"{hour['pollutant']}-Avg={inputs['raw_mg_m3']:.2f}" in packet["frame"]
        again = inputs["raw_mg_m3"] * (21 - conversion["reference_o2_pct"]) / (21 - inputs["o2_pct"])
        assert conversion["calculated_mg_m3"] == pytest.approx(again)
        exceeded = conversion["converted_mg_m3"] > hour["limit"]["limit_mg_m3"]
        assert hour["verdict"]["verdict"] == ("exceeded" if exceeded else "within")


def test_each_line_of_the_log_is_sealed_and_a_changed_one_is_not(files):
    logged = lines(files["audit.ndjson"])
    assert next(line["name"] for line in logged) == "opened"
    assert [line["name"] for line in logged][-1] == "rectifying"

    def sealed(line):
        names = ("sequence", "subject_id", "name", "at", "by", "reason", "detail", "digest")
        text = json.dumps([line[name] for name in names], ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(f"{line['previous']}\n{text}".encode()).hexdigest() == line["hash"]

    assert all(map(sealed, logged))
    assert not sealed(logged[-1] | {"by": "somebody else"})


def test_the_limits_say_whether_anybody_checked_them(files):
    limits = json.loads(files["limits.json"])
    assert {line["verified"] for line in limits["months"]["2026-10"]} == {False}
    assert limits["rulebook_version"] == json.loads(files["manifest.json"])["rulebook_version"]


def test_nothing_of_other_counties_is_in_it(files):
    for name, content in files.items():
        if not name.startswith("rulebook/"):
            assert b"E1-1" not in content, name
            assert "东昌府区".encode() not in content, name


def test_the_readme_speaks_both_languages_and_names_every_command(files):
    text = files["README.txt"].decode()
    assert "如何核对" in text
    assert "How to verify" in text
    assert "$" not in text
    for line in json.loads(files["manifest.json"])["commands"]:
        assert text.count(line) >= 2


async def test_without_the_feed_there_is_no_bundle(october):
    from dataclasses import replace

    (case,) = october.alerts.cases()
    with pytest.raises(PacketsUnavailable):
        await evidence_bundle(replace(october, packets=NoPackets()), case)


async def test_more_frames_than_one_bundle_holds_are_refused(october, monkeypatch):
    monkeypatch.setattr(frames, "MOST_BYTES", 10_000)
    (case,) = october.alerts.cases()
    with pytest.raises(frames.TooLarge, match="2026-10"):
        await evidence_bundle(october, case)


def test_a_mark_entered_before_the_month_stands_before_its_frames(month, ready, tmp_path):
    import asyncio

    from emissions.event import Mark

    with ready.sources(tmp_path, NOW) as sources:
        (case,) = sources.alerts.cases()
        at = datetime(2026, 9, 30, 9, tzinfo=BEIJING)
        mark = Mark(
            id="m1",
            outlet="E4-1",
            mn=month.register.outlets["E4-1"].mn,
            mark="maintenance",
            from_=at,
            to=at + timedelta(days=2),
            entered_at=at,
            by="李四",
        )
        sources.marks.enter(mark)
        content = asyncio.run(evidence_bundle(sources, case))
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        first = json.loads(packed.read("feed/2026-10/1-settlement.ndjson").splitlines()[0])
        (marked,) = lines(packed.read("marks.ndjson"))
    assert (first["kind"], first["id"]) == ("mark", "m1")
    assert marked["id"] == "m1"
