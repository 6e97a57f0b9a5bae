import json

import pytest

from benchmarks import page
from benchmarks.__main__ import RESULTS


@pytest.fixture
def results():
    return json.loads(RESULTS.read_text(encoding="utf-8"))


def test_the_results_have_what_others_read(results):
    wanted = {
        "judging_packets_per_s",
        "quix_packets_per_s",
        "plain_packets_per_s",
        "path_packets_per_s",
        "publish_to_alert_p99_s",
        "lost",
        "machine",
        "commit",
    }
    assert wanted <= results.keys()


def test_the_page_shows_the_results(results):
    text = page.PAGE.read_text(encoding="utf-8")
    written = text.partition(page.BEGIN)[2].partition(page.END)[0]
    assert written.strip() == page.tables(results).strip()


def test_only_what_stands_between_the_marks_is_written_anew(results, tmp_path, monkeypatch):
    copy = tmp_path / "benchmarks.md"
    copy.write_text(f"before\n{page.BEGIN}\nold\n{page.END}\nafter\n", encoding="utf-8")
    monkeypatch.setattr(page, "PAGE", copy)
    page.write(results)
    text = copy.read_text(encoding="utf-8")
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")
    assert "old" not in text
    assert "### Targets" in text


def test_a_missed_target_is_told(results):
    assert "**no**" in page.tables(results | {"lost": 1})
