"""Golden months: a story, the feed it makes, and what ``stackwatch judge`` says of it, to the letter.

``expected`` holds the month's rates, all findings and all cases, and how many hours ended in which state and verdict.
Written anew by ``python -m tests.golden.test_months``; every change of it is to be explained.
"""

import json
import tempfile
from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner

from rulebook.register import load_register
from stackwatch.verbs.judge import command
from tests.golden import story

MONTHS = Path(__file__).parent / "months"
STORIES = sorted(MONTHS.glob("*.yaml"))


def judged(path: Path, folder: Path) -> list[dict[str, object]]:
    told = story.read(path)
    feed = folder / "feed.ndjson"
    feed.write_bytes(b"\n".join(story.feed(told, load_register(MONTHS / "register"))))
    options = ["--register", str(MONTHS / "register"), "--as-of", f"{told['as_of']}+08:00"]
    result = CliRunner().invoke(command, [*options, str(feed)])
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.output.splitlines()]


def summary(lines: list[dict[str, object]]) -> dict[str, object]:
    states = Counter(
        f"{line['outlet']} {line['pollutant']} {line['state']}/{line['in_time_state']} {line['verdict']}"
        for line in lines
        if line["kind"] == "hour"
    )
    rates = {
        f"{line['level']} {line['id']} {line['period']} {line['track']}": [
            line[name] for name in ("due", "excluded", "expected", "received", "valid", "effective_pct", "settled")
        ]
        for line in lines
        if line["kind"] == "rate" and line["window"] == "month"
    }
    told = [line for line in lines if line["kind"] in {"finding", "case", "rejected"}]
    for line in told:
        line.get("evidence", {}).pop("rulebook", None)
    return {"hours": dict(sorted(states.items())), "rates": rates, "told": told}


@pytest.mark.parametrize("path", STORIES, ids=lambda p: p.stem)
def test_golden_month(path, tmp_path):
    expected = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    assert summary(judged(path, tmp_path)) == expected


def test_a_replay_is_byte_equal(tmp_path):
    path = MONTHS / "three-exceed.yaml"
    assert judged(path, tmp_path) == judged(path, tmp_path)


if __name__ == "__main__":
    for one in STORIES:
        text = json.dumps(summary(judged(one, Path(tempfile.mkdtemp()))), ensure_ascii=False, indent=1)
        one.with_suffix(".json").write_text(text + "\n", encoding="utf-8")
