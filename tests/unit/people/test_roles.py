"""Roles and rights: the table says it all, in whatever order it is read."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from people.person import Person, may
from people.roles import OF_A_COUNTY, OF_THE_CITY, RIGHTS, Right, Role, Unfit, fitting


def somebody(role: Role, county: str | None) -> Person:
    return Person(id=1, login="li", name="李四", role=role, county=county)


@pytest.mark.parametrize(
    ("role", "right", "granted"),
    [
        pytest.param(Role.VIEWER, Right.SEE, True, id="a viewer looks"),
        pytest.param(Role.VIEWER, Right.ANSWER_ALERTS, False, id="a viewer answers nothing"),
        pytest.param(Role.INSPECTOR, Right.ANSWER_ALERTS, True, id="an inspector answers"),
        pytest.param(Role.INSPECTOR, Right.LEAD, False, id="an inspector silences nothing"),
        pytest.param(Role.COUNTY_HEAD, Right.LEAD, True, id="a head leads"),
        pytest.param(Role.COUNTY_HEAD, Right.CLEAR_CASES, False, id="a county does not clear its own case"),
        pytest.param(Role.CITY_SUPERVISOR, Right.CLEAR_CASES, True, id="the city clears"),
        pytest.param(Role.CITY_SUPERVISOR, Right.MANAGE_PEOPLE, False, id="the city's supervisor gives no rights"),
        pytest.param(Role.ADMINISTRATOR, Right.MANAGE_PEOPLE, True, id="an administrator gives rights"),
        pytest.param(Role.ADMINISTRATOR, Right.ANSWER_ALERTS, False, id="an administrator decides about no emission"),
        pytest.param(Role.ADMINISTRATOR, Right.CLEAR_CASES, False, id="an administrator clears no case"),
    ],
)
def test_what_a_role_may(role, right, granted):
    assert somebody(role, None).holds(right) is granted


def test_every_role_has_its_line_and_every_right_somebody():
    assert RIGHTS.keys() == set(Role)
    assert frozenset().union(*RIGHTS.values()) == set(Right)
    assert all(Right.SEE in rights for rights in RIGHTS.values())
    assert [role for role, rights in RIGHTS.items() if Right.MANAGE_PEOPLE in rights] == [Role.ADMINISTRATOR]


@given(st.randoms(use_true_random=False), st.sampled_from(Role), st.sampled_from(Right))
def test_no_role_gains_by_order(random_: random.Random, role: Role, right: Right):
    """Shuffled, with other roles before it or after it, a role has what stands in its own line."""
    lines = list(RIGHTS.items())
    random_.shuffle(lines)
    assert (right in dict(lines)[role]) is somebody(role, None).holds(right)


COUNTIES = st.sampled_from([None, "371502", "371503"])


@given(st.sampled_from(Role), COUNTIES, st.sampled_from(Right), COUNTIES)
def test_nobody_may_anything_in_another_county(role, own, right, county):
    person = somebody(role, own)
    if may(person, right, county):
        assert own is None or own == county
        assert right in RIGHTS[role]
    if own is not None and county is None:
        assert not may(person, right, county)


@given(st.sampled_from(Role), st.sampled_from([None, "", "  ", "371502"]))
def test_a_role_goes_with_a_county_or_with_the_city(role, county):
    given_county = bool(county and county.strip())
    fits = not (role in OF_A_COUNTY and not given_county) and not (role in OF_THE_CITY and given_county)
    if fits:
        assert fitting(role.value, county) == (role, county if given_county else None)
    else:
        with pytest.raises(Unfit):
            fitting(role.value, county)


@pytest.mark.parametrize("text", ["", "root", "Administrator", "administrator "])
def test_no_role_is_guessed(text):
    with pytest.raises(Unfit, match="is no role"):
        fitting(text, None)


@pytest.mark.parametrize(
    ("person", "by"),
    [
        pytest.param(somebody(Role.VIEWER, None), "李四 (li)", id="a person"),
        pytest.param(
            Person(id=1, login="li", name="li", role=Role.VIEWER, county=None), "li", id="a name that is the login"
        ),
        pytest.param(
            Person(id=1, login="li", name="李四", role=Role.VIEWER, county=None, token="脚本"),
            "李四 (li) · 脚本",
            id="a program",
        ),
        pytest.param(
            Person(id=None, login="token:bi", name="bi", role=Role.VIEWER, county=None, token="bi"),
            "token:bi",
            id="a machine",
        ),
    ],
)
def test_how_somebody_stands_in_logs(person, by):
    assert person.by == by
