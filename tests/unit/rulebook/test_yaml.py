"""The reading of YAML: no surprises, and lines in every error."""

import pytest
import yaml

from rulebook.loader import (
    load_calendar,
)
from tests.unit.rulebook.folders import problems_of


@pytest.mark.parametrize(
    ("text", "line", "found"),
    [
        pytest.param("stop_lists: &a []\nstaggered_production: *a\n", 2, "an alias", id="an alias"),
        pytest.param("stop_lists: !!python/object:os.system []\n", 1, "the tag", id="a tag"),
        pytest.param("stop_lists: []\n? [a]\n: b\n", 2, "a list or mapping", id="a list as a key"),
        pytest.param("stop_lists: " + "[" * 5000, 1, "nested too deep", id="an abyss"),
        pytest.param("stop_lists: []\n\x00\n", 2, "the character", id="a character that cannot be printed"),
        pytest.param("", 1, "an empty file", id="nothing"),
        pytest.param("# only a comment\n", 1, "an empty file", id="only a comment"),
        pytest.param("- a\n", 1, "a list", id="a list instead of a mapping"),
        pytest.param("stop_lists: []\n---\na: b\n", 2, "another document", id="two documents"),
    ],
)
def test_surprises_of_yaml_are_refused_with_their_line(tmp_path, text, line, found):
    (tmp_path / "calendar.yaml").write_text(text, encoding="utf-8")
    problems = problems_of(load_calendar, tmp_path)
    assert problems[0][1] == line
    assert found in problems[0][4]


def test_words_that_yaml_takes_for_something_else_stay_words(tmp_path):
    text = "stop_lists: [{name: NO, notice: 22:00, from: 2026-11-01, to: 2026-11-02, enterprises: [1_000, 0x1F, 1e]}]\n"
    (tmp_path / "calendar.yaml").write_text(text + "staggered_production: []\n", encoding="utf-8")
    (stop,) = load_calendar(tmp_path).stop_lists
    assert (stop.name, stop.notice, stop.enterprises) == ("NO", "22:00", ("1_000", "0x1F", "1e"))
    assert yaml.safe_load(text)["stop_lists"][0]["name"] is False, "what it is about"
