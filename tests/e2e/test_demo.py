"""``stackwatch demo --for``: the same seed gives the same result, nothing is lost, also with processes killed."""

import json
import signal
import subprocess

import pytest

from rulebook.loader import load_rules
from rulebook.register import load_register
from simulators.ledger import account, read_ledger
from stackwatch.batch import judge_feed
from stackwatch.demo.account import digest
from stackwatch.demo.outcome import KINDS, judged_outcome
from tests.e2e.runs import STACKWATCH, demo, left_over

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(420)]

SPAN = ("--scenario", "small", "--for", "6", "--speed", "18000", "--port", "0")
"""30 simulated hours: past the month's edge, and past every fault but the long silence."""


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """One run from start to end; its processes, its report, its folder."""
    folder = tmp_path_factory.mktemp("demo") / "first"
    with demo(folder, *SPAN) as running:
        running.until(running.run_file, what="run.json")
        code = running.wait()
        assert code == 0, running.said()
        return running, running.run_file()["pids"]


def test_nothing_is_lost_and_nothing_differs(undisturbed):
    report = undisturbed[0].report()
    assert report["right"]
    assert report["lost"] == 0
    assert set(report["differences"]["counts"].values()) == {0}
    counts = report["account"]
    assert counts["published"] == counts["acknowledged"] == counts["relayed"] > 600
    assert counts["answered"] == counts["answers_due"]
    assert counts["hours_expected"] == counts["hours_judged"] == counts["hours_stored"] == 8 * 3 * 29
    assert counts["readings_expected"] == counts["readings_stored"]
    assert counts["marks"] == 3


def test_the_span_is_exact(undisturbed):
    report = undisturbed[0].report()
    assert (report["start"], report["end"]) == ("2026-10-31T00:00:00+08:00", "2026-11-01T06:00:00+08:00")


def test_nothing_is_left_running(undisturbed):
    running, pids = undisturbed
    assert set(pids) == {"mqtt", "kafka", "gateway", "rollcall", "worker", "alerts", "web"}
    assert left_over(pids) == []
    assert f"report in {running.report_folder}" in running.output.read_text().replace("\n", " ")


def test_the_written_feed_gives_the_written_outcome(undisturbed):
    running, _ = undisturbed
    feed = (running.report_folder / "feed.ndjson").read_bytes().splitlines()
    judged = judged_outcome(judge_feed(feed, load_register(running.folder / "register"), load_rules()))
    for kind in KINDS:
        lines = (running.report_folder / f"{kind}.ndjson").read_bytes().splitlines()
        assert lines == list(judged.lines(kind))
        assert digest(lines) == running.report()["digests"][kind]


def test_the_judge_verb_says_the_same_of_the_feed(undisturbed):
    running, _ = undisturbed
    arguments = ["judge", "--register", str(running.folder / "register"), str(running.report_folder / "feed.ndjson")]
    done = subprocess.run([*STACKWATCH, *arguments], capture_output=True, check=True)
    said = [line for line in done.stdout.splitlines() if json.loads(line)["kind"] == "hour"]
    assert said == (running.report_folder / "hours.ndjson").read_bytes().splitlines()


def test_the_gateway_gave_its_word_on_every_hour_that_is_over(undisturbed):
    feed = [json.loads(line) for line in (undisturbed[0].report_folder / "feed.ndjson").read_bytes().splitlines()]
    lines: dict[tuple[str, str], list[int]] = {}
    for entry in feed:
        if entry["kind"] == "packet":
            lines.setdefault((entry["mn"], entry["received_at"][:13]), []).append(entry["number"])
    words = {(entry["mn"], entry["hour"][:13]): (entry["first"], entry["last"]) for entry in feed if "first" in entry}
    # A logger that falls silent is spoken of a second late, which is some hours at this speed.
    over = {key: (min(numbers), max(numbers)) for key, numbers in lines.items() if key[1] < "2026-10-31T18"}
    assert len(over) > 50
    assert {key: word for key, word in words.items() if key in over} == over
    assert all(len(lines[key]) == last - first + 1 for key, (first, last) in over.items())


def test_what_it_leaves_behind_is_checked_by_the_same_code(undisturbed):
    running, _ = undisturbed
    arguments = ["check", "ledger", str(running.report_folder), "--json"]
    done = subprocess.run([*STACKWATCH, *arguments], capture_output=True, check=True)
    assert json.loads(done.stdout) == running.report()["checked"]
    stages = json.loads(done.stdout)["stages"]
    assert all(stage["expected"] == stage["found"] > 0 for stage in stages)
    assert stages[-1]["stage"] == "account"


def test_the_ledger_is_whole(undisturbed):
    running, _ = undisturbed
    total, counts = account(running.folder / "ledger.jsonl"), running.report()["account"]
    assert total.ended
    assert not total.torn
    assert total.sent == counts["published"]
    assert {how: len(numbers) for how, numbers in total.acknowledged.items()} == {
        "puback": counts["published"],
        "answer": counts["answers_due"],
        "relayed": counts["published"],
    }
    assert total.expected_hours == counts["hours_expected"]


def test_the_story_is_told(undisturbed):
    running, _ = undisturbed
    (case,) = [json.loads(line) for line in (running.report_folder / "cases.ndjson").read_bytes().splitlines()]
    assert (case["county"], case["trigger"]) == ("371502", "exceeding")
    findings = [json.loads(line) for line in (running.report_folder / "findings.ndjson").read_bytes().splitlines()]
    rules = {finding["rule"] for finding in findings}
    assert rules >= {"hourly_exceedance", "rate_below_90", "several_exceeding", "revised_after_judgement"}


def test_the_same_seed_gives_the_same_result(undisturbed, tmp_path):
    with demo(tmp_path / "again", *SPAN) as running:
        assert running.wait() == 0, running.said()
        assert running.report()["digests"] == undisturbed[0].report()["digests"]


@pytest.mark.parametrize(
    "names",
    [
        pytest.param(("gateway", "worker"), id="gateway and worker at once"),
        pytest.param(("rollcall", "alerts", "web"), id="roll call, alerts and pages at once"),
    ],
)
def test_killed_processes_change_nothing(undisturbed, names, tmp_path):
    half = undisturbed[0].report()["account"]["published"] // 2
    with demo(tmp_path / "killed", *SPAN) as running:
        running.until(lambda: running.sent() >= half, what="half of the frames")
        running.kill(*names)
        assert running.wait() == 0, running.said()
        report = running.report()
        assert {name: count for name, count in report["account"]["restarts"].items() if count} == dict.fromkeys(
            names, 1
        )
        assert report["lost"] == 0
        assert report["digests"] == undisturbed[0].report()["digests"]
        pids = running.run_file()["pids"]
    assert left_over(pids) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_in_the_middle_leaves_nothing_running(number, tmp_path):
    with demo(tmp_path / "stopped", *SPAN) as running:
        running.until(lambda: running.sent() >= 100, what="100 frames")
        pids = running.run_file()["pids"]
        running.process.send_signal(number)
        assert running.wait(30) == 130, running.said()
    assert left_over(pids) == []
    assert sum(entry["kind"] == "sent" for entry in read_ledger(running.folder / "ledger.jsonl")) >= 100
