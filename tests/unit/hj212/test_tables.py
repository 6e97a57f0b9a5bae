"""The standards' tables as data."""

import pytest

from hj212.commands import COMMANDS, OTHERWISE_IN_2005, command_of, is_known, uploads_period
from hj212.tables import (
    EQUIPMENT_STATES,
    EXECUTION_RESULTS,
    FACTORS,
    FLAGS,
    REQUEST_RESULTS,
    SUFFIXES,
    SYSTEMS,
    TO_2005,
    to_2017,
)


@pytest.mark.parametrize(
    ("cn", "edition", "name"),
    [
        pytest.param("2061", 2005, "hour data", id="the same in all editions"),
        pytest.param("1001", 2005, "set the alarm time", id="1001 of 2005"),
        pytest.param("1001", 2017, None, id="1001 was free in 2017"),
        pytest.param("1001", 2025, "upload the hardware serial number", id="1001 of 2025"),
        pytest.param("3014", 2005, "set the sampling period of equipment", id="3014 of 2005"),
        pytest.param("3014", 2017, "comparison sampling", id="3014 of 2017"),
        pytest.param("3014", 2025, None, id="3014 was given up in 2025"),
        pytest.param("2072", 2017, None, id="alarm events were given up in 2017"),
        pytest.param("9015", 2017, None, id="a heartbeat came in 2025"),
        pytest.param("9021", 2017, None, id="a maker's heartbeat is in no edition"),
        pytest.param("7777", 2025, None, id="a number that nobody has"),
    ],
)
def test_what_a_number_means_depends_on_the_edition(cn, edition, name):
    command = command_of(cn, edition)
    assert (command and command.name_en) == name


def test_every_number_of_an_edition_is_known_and_so_is_the_makers_heartbeat():
    assert all(is_known(cn) for cn in [*COMMANDS, *OTHERWISE_IN_2005, "9021"])
    assert not is_known("7777")


def test_only_four_uploads_are_nothing_without_their_time():
    assert {cn for cn in COMMANDS if uploads_period(cn)} == {"2011", "2051", "2061", "2031"}


@pytest.mark.parametrize(
    ("old", "new"),
    [("01", "a34013"), ("02", "a21026"), ("03", "a21002"), ("S01", "a19001"), ("S08", "a01013"), ("B02", "a00000")],
)
def test_codes_of_2005_have_a_code_of_2017(old, new):
    assert to_2017(old) == new
    assert TO_2005[new] == old


@pytest.mark.parametrize("code", ["a34013", "w01018", "SB1", "", "1"])
def test_other_codes_stay_as_they_are(code):
    assert to_2017(code) == code


def test_no_code_of_2005_is_used_twice():
    old = [factor.code_2005 for factor in FACTORS.values() if factor.code_2005]
    assert len(old) == len(set(old))


@pytest.mark.parametrize(
    "table",
    [SYSTEMS, SUFFIXES, REQUEST_RESULTS, EXECUTION_RESULTS, EQUIPMENT_STATES, *FLAGS.values()],
    ids=["systems", "suffixes", "request results", "execution results", "equipment states", *map(str, FLAGS)],
)
def test_every_entry_is_named_in_both_languages(table):
    assert all(english and chinese for english, chinese in table.values())


def test_f_of_2005_is_the_source_and_of_2017_the_instrument():
    assert FLAGS[2005]["F"] != FLAGS[2017]["F"]
    assert "P" not in FLAGS[2017]
    assert "B" not in FLAGS[2005]
