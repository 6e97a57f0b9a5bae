"""What a scenario's file may hold, and how its mistakes are told."""

from datetime import timedelta
from pathlib import Path

import pytest

from rulebook.errors import BadFile
from simulators.scenario import load_scenario, shipped

GOOD = shipped("quiet").read_text(encoding="utf-8")


@pytest.fixture
def written(tmp_path):
    def write(text: str) -> Path:
        path = tmp_path / "city.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.mark.parametrize("name", ["liaocheng", "small", "quiet"])
def test_shipped_scenarios_are_valid(name):
    assert load_scenario(shipped(name)).name == name


def test_an_unknown_shipped_scenario_names_those_that_exist():
    with pytest.raises(BadFile, match="one of liaocheng, quiet, small"):
        shipped("atlantis")


FAULT = "faults:\n  - {fault: gap, where: {}, from: PT1H, for: PT1H}\n"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        pytest.param(
            GOOD.replace("seed: 1", "seed: many"), ":4: seed: expected integer, found 'many'", id="not a number"
        ),
        pytest.param(GOOD.replace("+08:00", ""), ":5: start: expected a moment with its offset", id="no offset"),
        pytest.param(GOOD.replace("T00:00:00", "T00:30:00"), "a start on a full hour", id="a start within an hour"),
        pytest.param(
            GOOD.replace("coal_10kt: 1}", "coal: 1}"), "divisions[1]", id="a field that does not exist names its place"
        ),
        pytest.param(GOOD.replace("371522", "371502"), "each division code once", id="a code twice"),
        pytest.param(
            GOOD.replace("kind: ultra_low_coal", "kind: windmill"), "a kind of plant, one of", id="an unknown kind"
        ),
        pytest.param(GOOD.replace("count: 3", "capacities_t_h: []\n    count: 3"), "either count or", id="both sizes"),
        pytest.param(
            GOOD.replace("a21002: 50", "a21003: 50"), "limits_mg_m3: expected a limit for each of", id="a limit missing"
        ),
        pytest.param(
            GOOD + FAULT.replace("gap", "gasp"), "faults[0].fault: expected one of exceedance", id="an unknown fault"
        ),
        pytest.param(
            GOOD + FAULT.replace("PT1H, for", "1h, for"), "expected a span of time such as P1DT9H30M", id="no span"
        ),
        pytest.param(
            GOOD + FAULT.replace("{}", '{county: "1"}'), "where.county: expected one of", id="an unknown county"
        ),
        pytest.param(
            GOOD + FAULT.replace("{}", "{outlet: [9]}"), "where: expected at least one outlet", id="nobody is meant"
        ),
        pytest.param(
            GOOD + FAULT.replace("PT1H}", "PT1H, with: {depth: 1}}"), "with.depth: expected", id="unknown parameter"
        ),
        pytest.param(
            GOOD + "faults:\n  - {fault: stuck, where: {}, from: PT1H, for: PT1H, with: {value: high}}\n",
            "with.value: expected a number",
            id="a parameter of the wrong kind",
        ),
        pytest.param(
            GOOD + FAULT.replace("for: PT1H", "for: PT2H, every: PT1H"), "every: expected at least", id="overlapping"
        ),
        pytest.param(
            GOOD + "marks:\n  - {mark: holiday, where: {}, from: PT1H, for: PT1H, entered: PT2H}\n",
            "marks[0].mark: expected one of accident",
            id="an unknown mark",
        ),
        pytest.param("", "expected a mapping, found an empty file", id="an empty file"),
    ],
)
def test_mistakes_are_told_with_their_place(written, text, complaint):
    path = written(text)
    with pytest.raises(BadFile) as error:
        load_scenario(path)
    assert str(path) in str(error.value)
    assert complaint in str(error.value)


def test_spans_are_spans(written):
    text = GOOD + FAULT.replace("PT1H, for: PT1H", "P1DT2H30M, for: PT90M")
    (part,) = load_scenario(written(text)).faults
    assert (part.from_, part.for_) == (timedelta(days=1, hours=2, minutes=30), timedelta(minutes=90))
