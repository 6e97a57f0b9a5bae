"""The fleet is a pure function of scenario and seed, in the order of time, on a coarse grid."""

import hashlib
from collections import Counter
from datetime import timedelta
from itertools import takewhile

import pytest

from emissions.beijing import hour_of
from simulators.fleet import Fleet
from simulators.scenario import load_scenario, shipped

SMALL = load_scenario(shipped("small"))
QUIET = load_scenario(shipped("quiet"))
DAY = timedelta(days=1)


def played(fleet, span):
    end = fleet.scenario.start + span
    return list(takewhile(lambda sending: sending.at < end, fleet.sendings()))


def digest(sendings):
    seen = hashlib.sha256()
    for sending in sendings:
        seen.update(f"{sending.at.isoformat()} {sending.mn} {sending.refused} ".encode() + sending.frame)
    return seen.hexdigest()


@pytest.fixture(scope="module")
def day():
    return played(Fleet(SMALL), DAY)


def test_the_same_seed_gives_the_same_bytes(day):
    assert digest(played(Fleet(SMALL), DAY)) == digest(day)


def test_another_seed_gives_other_bytes(day):
    assert digest(played(Fleet(SMALL, seed=9), DAY)) != digest(day)


def test_a_longer_run_begins_like_a_shorter_one(day):
    assert played(Fleet(SMALL), 2 * DAY)[: len(day)] == day


def test_time_only_goes_forward(day):
    moments = [sending.at for sending in day]
    assert moments == sorted(moments)


def test_nothing_leaves_on_a_full_hour_and_instants_are_few(day):
    assert all(sending.at != hour_of(sending.at) for sending in day)
    assert len({sending.at for sending in day}) <= 24 * 4


def test_a_quiet_day_has_every_packet_once():
    sendings = played(Fleet(QUIET), DAY + timedelta(minutes=30))
    commands = Counter(sending.report.cn for sending in sendings)
    minutes = sum(site.with_minutes for site in Fleet(QUIET).city.sites)
    split = sum(site.split for site in Fleet(QUIET).city.sites)
    assert commands == {
        "2011": 3 * 25,
        "2051": minutes * 48,
        "2061": 3 * 24 + split * 24,
        "2031": 3,
        "9015": 5,
    }
    assert not any(sending.refused for sending in sendings)


def test_hour_packets_leave_soon_after_their_hour():
    for sending in played(Fleet(QUIET), DAY):
        if sending.report.cn == "2061":
            delay = sending.at - sending.report.data_time - timedelta(hours=1)
            assert timedelta(minutes=1) <= delay <= timedelta(minutes=10)


def test_three_editions_are_mixed(day):
    assert {sending.report.edition for sending in day} == {2005, 2017, 2025}


def test_every_kind_of_refusal_occurs(day):
    refusals = {sending.refused for sending in played(Fleet(SMALL), 2 * DAY)}
    assert refusals == {"", "crc", "length_mismatch", "datatime_ahead", "mn_mismatch", "unknown_mn"}


def test_live_loggers_speak_every_minute_at_their_own_second():
    fleet = Fleet(QUIET)
    live = QUIET.start + timedelta(hours=1, minutes=20)
    fleet.live_from = live
    sendings = [s for s in played(fleet, timedelta(hours=2)) if s.report.cn == "2011"]
    assert len([s for s in sendings if s.at < live]) == 2 * 3, "one an hour and outlet before"
    assert len([s for s in sendings if s.at >= live]) == 40 * 3, "one a minute and outlet after"
    assert len({s.at.second for s in sendings if s.at >= live}) == 3


def test_marks_come_in_the_order_in_which_they_are_entered():
    marks = Fleet(SMALL).marks()
    assert [mark.entered_at for mark in marks] == sorted(mark.entered_at for mark in marks)
    assert len({mark.id for mark in marks}) == len(marks) == 4
