"""Passwords and the wait after failed log-ins."""

from datetime import UTC, datetime, timedelta

import pytest
from argon2 import PasswordHasher
from hypothesis import given
from hypothesis import strategies as st

from people.lockout import FREE, LONGEST, locked_for, wait_after
from people.passwords import Passwords, good_enough, made_up
from people.roles import Unfit

CHEAP = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
AT = datetime(2026, 11, 24, tzinfo=UTC)


def test_a_password_fits_its_own_hash_only_and_is_not_in_it():
    kept = CHEAP.hash("rain over the river 42")
    assert kept.startswith("$argon2id$")
    assert "rain" not in kept
    assert CHEAP.fits(kept, "rain over the river 42")
    assert not CHEAP.fits(kept, "rain over the river 43")
    assert CHEAP.hash("rain over the river 42") != kept


@pytest.mark.parametrize("kept", [None, "", "not a hash", "$argon2id$v=19$m=8,t=1,p=1$"])
def test_nothing_fits_where_no_password_is_kept(kept):
    assert not CHEAP.fits(kept, "")
    assert not CHEAP.fits(kept, "rain over the river 42")


def test_a_hash_of_weaker_parameters_is_made_anew():
    kept = CHEAP.hash("rain over the river 42")
    assert not CHEAP.outdated(kept)
    assert Passwords(PasswordHasher(time_cost=2, memory_cost=16, parallelism=1)).outdated(kept)


@pytest.mark.parametrize(
    ("password", "key"),
    [
        pytest.param("short", "short", id="too short"),
        pytest.param("x" * 300, "long", id="too long"),
        pytest.param("zhangsan-2026!", "holds_login", id="the name in it"),
        pytest.param("ZhangSan-2026!", "holds_login", id="the name in capitals"),
        pytest.param("my-PassWord-is", "common", id="a word that is tried first"),
        pytest.param("aaaaaaaaaaaaaa", "common", id="one letter"),
    ],
)
def test_a_password_that_is_not_good_enough(password, key):
    with pytest.raises(Unfit) as refused:
        good_enough(password, login="zhangsan")
    assert refused.value.key == key


@pytest.mark.parametrize("login", [pytest.param("zhangsan", id="a long name"), pytest.param("a", id="a single letter")])
def test_made_up_passwords_are_good_enough_and_differ(login):
    made = {good_enough(made_up(login=login), login=login) for _ in range(100)}
    assert len(made) == 100


@given(st.integers(0, 10_000))
def test_the_wait_never_shrinks_and_has_an_end(failures):
    assert wait_after(failures) <= wait_after(failures + 1) <= LONGEST
    assert (wait_after(failures) == timedelta(0)) is (failures < FREE)


@given(st.integers(0, 50), st.timedeltas(timedelta(0), timedelta(days=2)))
def test_what_is_left_of_the_wait(failures, since):
    left = locked_for(failures, AT, AT + since)
    assert left == max(wait_after(failures) - since, timedelta(0))
