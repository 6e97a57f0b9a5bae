"""Severity with hysteresis; assignee, comments and files; what silences cover; how long what flaps waits."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts import lifecycle
from alerts.escalation import Terms
from alerts.grouping import Flapping, Matching
from alerts.lifecycle import Alert
from alerts.severities import SEVERITIES, worse
from alerts.silences import Silence, checked
from alerts.transition import Incomplete, NotAllowed
from tests.unit.alerts.scene import DAY, HOUR, MINUTE, T0

TERMS = Terms()


def raised(severity: str = "warning") -> Alert:
    return lifecycle.raise_alert(severity=severity, ended_by_data=None, at=T0, reason="", terms=TERMS)[0]


def observed(alert: Alert, severity: str, at: datetime) -> tuple[Alert, str]:
    after, event = lifecycle.observe(alert, severity=severity, ended_by_data=None, at=at, terms=TERMS)
    return after, event.name


@pytest.mark.parametrize(
    ("story", "severity", "names"),
    [
        pytest.param([(1, "severe")], "severe", ["worsened"], id="it rises at once"),
        pytest.param([(1, "info")], "warning", ["grew"], id="it does not fall at once"),
        pytest.param([(1, "info"), (2.9, "info")], "warning", ["grew", "grew"], id="not before two hours are over"),
        pytest.param([(1, "info"), (3, "info")], "info", ["grew", "eased"], id="after two hours it falls"),
        pytest.param(
            [(1, "info"), (2, "warning"), (3.5, "info"), (5, "info")],
            "warning",
            ["grew"] * 4,
            id="a relapse begins the two hours anew",
        ),
        pytest.param(
            [(1, "info"), (2, "severe"), (2.5, "info")], "severe", ["grew", "worsened", "grew"], id="up while it waits"
        ),
    ],
)
def test_severity(story: list[tuple[float, str]], severity: str, names: list[str]) -> None:
    alert, heard = raised(), []
    for hours, said in story:
        alert, name = observed(alert, said, T0 + hours * HOUR)
        heard.append(name)
    assert (alert.severity, heard) == (severity, names)


def test_time_alone_lowers_what_has_been_lower_for_long_enough() -> None:
    alert, _ = observed(raised("severe"), "warning", T0 + MINUTE)
    alert, _ = lifecycle.acknowledge(alert, by="张三", note="", at=T0 + MINUTE, terms=TERMS)
    assert lifecycle.review_at(alert, TERMS) == T0 + MINUTE + 2 * HOUR
    assert lifecycle.tick(alert, now=T0 + 2 * HOUR, terms=TERMS) is None
    moved = lifecycle.tick(alert, now=T0 + MINUTE + 2 * HOUR, terms=TERMS)
    assert moved is not None
    after, event = moved
    assert (after.severity, event.name, event.detail) == ("warning", "eased", {"severity": "warning", "was": "severe"})
    assert lifecycle.review_at(after, TERMS) is None


@given(st.lists(st.tuples(st.integers(0, 180), st.sampled_from(SEVERITIES)), max_size=30))
def test_it_is_never_less_severe_than_the_data_and_falls_only_after_its_time(
    story: list[tuple[int, str]],
) -> None:
    alert, at = raised("info"), T0
    lower_since: datetime | None = None
    for minutes, said in story:
        at += minutes * MINUTE
        before = alert.severity
        lower_since = (lower_since or at) if worse(before, than=said) else None
        alert, _ = observed(alert, said, at)
        assert not worse(said, than=alert.severity)
        if worse(before, than=alert.severity):
            assert lower_since is not None
            assert at - lower_since >= TERMS.lower_after
            lower_since = None


def test_whoever_acknowledges_has_it_until_another_is_named() -> None:
    alert, _ = lifecycle.acknowledge(raised(), by="张三", note="", at=T0, terms=TERMS)
    assert alert.assignee == "张三"
    alert, event = lifecycle.assign(alert, assignee="王五", by="李四", note="", at=T0, terms=TERMS)
    assert (alert.assignee, event.detail) == ("王五", {"to": "王五", "was": "张三"})
    with pytest.raises(Incomplete):
        lifecycle.assign(alert, assignee=" ", by="李四", note="", at=T0, terms=TERMS)


def test_an_acknowledgement_expires_without_action_and_what_is_said_is_one() -> None:
    alert, _ = lifecycle.acknowledge(raised(), by="张三", note="", at=T0, terms=TERMS)
    alert, _ = lifecycle.comment(alert, by="张三", text="到现场", at=T0 + 20 * HOUR, terms=TERMS)
    assert lifecycle.tick(alert, now=T0 + 24 * HOUR, terms=TERMS) is None
    alert, _ = lifecycle.attach(alert, by="张三", note="", file={"name": "a.png"}, at=T0 + 40 * HOUR, terms=TERMS)
    moved = lifecycle.tick(alert, now=T0 + 64 * HOUR, terms=TERMS)
    assert moved is not None
    assert (moved[1].name, moved[0].assignee) == ("acknowledgement_expired", "")


def test_a_comment_moves_no_other_deadline_and_is_taken_also_when_all_is_over() -> None:
    alert = raised()
    after, _ = lifecycle.comment(alert, by="张三", text="知道了", at=T0 + HOUR, terms=TERMS)
    assert after == alert
    alert, _ = lifecycle.acknowledge(alert, by="张三", note="", at=T0, terms=TERMS)
    alert, _ = lifecycle.verify(alert, by="张三", violation=False, cause="other", note="", at=T0, terms=TERMS)
    alert, _ = lifecycle.close(alert, by="张三", reason="误报", at=T0)
    assert lifecycle.comment(alert, by="李四", text="同意", at=T0, terms=TERMS)[1].name == "commented"
    with pytest.raises(NotAllowed, match="closed by 张三"):
        lifecycle.assign(alert, assignee="王五", by="李四", note="", at=T0, terms=TERMS)


def test_the_cause_is_one_of_the_rulebooks() -> None:
    terms = Terms(causes=("fan_failure",))
    alert, _ = lifecycle.acknowledge(raised(), by="张三", note="", at=T0, terms=terms)
    with pytest.raises(Incomplete, match="fan_failure"):
        lifecycle.verify(alert, by="张三", violation=True, cause="other", note="", at=T0, terms=terms)
    assert lifecycle.verify(alert, by="张三", violation=True, cause="fan_failure", note="", at=T0, terms=terms)


def silence(**changes: object) -> Silence:
    fields = {"county": "371502", "outlet": "", "rule": "", "starts_at": T0, "ends_at": T0 + HOUR}
    return Silence(**(fields | changes))


@pytest.mark.parametrize(
    ("made", "covered"),
    [
        pytest.param(silence(), True, id="its county"),
        pytest.param(silence(county="371503"), False, id="another county"),
        pytest.param(silence(county="", rule="silence"), True, id="a rule everywhere"),
        pytest.param(silence(outlet="o2"), False, id="another outlet"),
        pytest.param(silence(outlet="o1", rule="silence"), True, id="an outlet and a rule"),
        pytest.param(silence(outlet="o1", rule="hourly_exceedance"), False, id="an outlet and another rule"),
    ],
)
def test_what_a_silence_covers(made: Silence, covered: bool) -> None:
    assert made.covers(county="371502", outlet="o1", rule="silence") is covered


@pytest.mark.parametrize(
    ("made", "minutes", "holds"),
    [
        pytest.param(silence(), 0, True, id="from its beginning"),
        pytest.param(silence(), 59, True, id="until its end"),
        pytest.param(silence(), 60, False, id="not at its end"),
        pytest.param(silence(starts_at=T0 + HOUR, ends_at=T0 + DAY), 0, False, id="not before its beginning"),
        pytest.param(silence(ended_at=T0 + 10 * MINUTE), 20, False, id="not when a person has ended it"),
    ],
)
def test_when_a_silence_holds(made: Silence, minutes: int, holds: bool) -> None:
    assert made.holds(T0 + minutes * MINUTE) is holds


def test_a_silence_has_an_author_a_reason_and_an_end() -> None:
    assert checked(silence(), by=" 李四 ", reason=" 检修 ", now=T0) == ("李四", "检修")
    for bad in (
        {"by": ""},
        {"reason": ""},
        {"now": T0 + 2 * HOUR},
        {"silence": silence(ends_at=T0 + 32 * DAY)},
        {"silence": silence(county="")},
    ):
        given_ = {"silence": silence(), "by": "李四", "reason": "检修", "now": T0} | bad
        with pytest.raises(Incomplete):
            checked(given_.pop("silence"), **given_)


@pytest.mark.parametrize(
    ("before", "minutes"),
    [
        pytest.param(0, 0, id="the first at once"),
        pytest.param(1, 0, id="the second at once"),
        pytest.param(2, 5, id="the third after five minutes"),
        pytest.param(3, 10, id="then twice as long"),
        pytest.param(6, 80, id="and so on"),
        pytest.param(7, 120, id="up to two hours"),
        pytest.param(10_000, 120, id="for ever after"),
    ],
)
def test_the_delay_of_what_flaps(before: int, minutes: int) -> None:
    assert Flapping().delay(before, within=timedelta(hours=4)) == minutes * MINUTE
    assert Flapping().delay(before, within=timedelta(minutes=30)) <= 15 * MINUTE


def test_matching() -> None:
    assert Matching().matches(rule="anything", subject="outlet")
    outage = Matching(rules=frozenset({"silence"}), subject="county")
    assert outage.matches(rule="silence", subject="county")
    assert not outage.matches(rule="silence", subject="outlet")
    assert not outage.matches(rule="rate_below_90", subject="county")
