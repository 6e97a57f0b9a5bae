"""Which samples of the running hour count, and for how much."""

from dataclasses import replace

import pytest

from emissions.sample import sample_mg_m3
from tests.unit.emissions.world import outlet, rules

PARAMETERS = rules().parameters
OUTLET = replace(outlet("O1"), reference_o2_pct=6.0, spans={"a21026": 200.0})


@pytest.mark.parametrize(
    ("given", "value"),
    [
        pytest.param({}, 30.0, id="computed where nothing was sent: 20 at 11 % is 30 at 6 %"),
        pytest.param({"sent": 28.0}, 28.0, id="the sent value goes first"),
        pytest.param({"flag": " n "}, 30.0, id="a flag is read without its case and its blanks"),
        pytest.param({"flag": ""}, 30.0, id="no flag is N"),
        pytest.param({"flag": "C", "sent": 28.0}, None, id="calibration says nothing"),
        pytest.param({"measured": None, "sent": 28.0}, None, id="a converted value of nothing measured"),
        pytest.param({"measured": 200.0}, 300.0, id="at the end of the range"),
        pytest.param({"measured": 200.1}, None, id="above the range"),
        pytest.param({"measured": -0.1}, None, id="below nought"),
        pytest.param({"oxygen": None}, None, id="no oxygen, nothing to convert with"),
        pytest.param({"oxygen": None, "sent": 28.0}, 28.0, id="the sent value needs no oxygen"),
        pytest.param({"oxygen": 18.9}, round(20 * 15 / 2.1, 9), id="just burning"),
        pytest.param({"oxygen": 19.0, "sent": 28.0}, None, id="not burning"),
    ],
)
def test_a_sample(given, value):
    usual = {"measured": 20.0, "sent": None, "oxygen": 11.0, "flag": "N"}
    assert sample_mg_m3("a21026", **{**usual, **given}, outlet=OUTLET, row=None, parameters=PARAMETERS) == value


def test_where_nothing_is_converted_the_measured_value_counts_even_if_another_was_sent():
    plain = replace(OUTLET, reference_o2_pct=None)
    found = sample_mg_m3(
        "a21026", measured=20.0, sent=28.0, oxygen=11.0, flag=None, outlet=plain, row=None, parameters=PARAMETERS
    )
    assert found == 20.0
