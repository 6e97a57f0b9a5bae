"""What every database must do for notices: run on SQLite here, on PostgreSQL by the integration tests."""

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from alerts import outbox
from alerts.database import open_database, upgrade
from alerts.outbox import Patience
from alerts.policy import Policy
from alerts.repository import Repository
from alerts.routing import Channel
from tests.unit.alerts.scene import COUNTY, DAY, HOUR, MINUTE, SECOND, T0, county_outage, exceedance, silence

CHANNELS = [
    Channel(name="desk", notifier="webhook", url="http://127.0.0.1:9/"),
    Channel(name="head", notifier="webhook", url="http://127.0.0.1:9/", levels=["county_head"]),
]
WALL = datetime(2026, 11, 24, 3, tzinfo=UTC)


def told(desk: Repository, channel: str = "desk") -> list[dict[str, Any]]:
    """What a channel is told, in order."""
    return [json.loads(letter.payload) for letter in outbox.waiting(desk.engine, f"channel:{channel}", limit=10_000)]


def events(desk: Repository, channel: str = "desk") -> list[tuple[str, list[str]]]:
    return [(notice["event"], notice["ids"]) for notice in told(desk, channel)]


class NoticesOnEveryDatabase:
    """What depends on the database. Needs a fixture ``url``: an empty one."""

    @pytest.fixture
    def open_one(self, url: str) -> Iterator[Callable[[], Repository]]:
        """Opens the database as one more process would; the numbers are those of the shipped rulebook."""
        upgrade(url)
        engines = []

        def opened() -> Repository:
            engines.append(open_database(url))
            policy = Policy(channels=CHANNELS)
            return Repository(engines[-1], policy=policy, name_of=lambda code: f"<{code}>", wall=lambda: WALL)

        yield opened
        for engine in engines:
            engine.dispose()

    @pytest.fixture
    def desk(self, open_one: Callable[[], Repository]) -> Repository:
        return open_one()

    def test_five_hundred_outlets_that_fail_together_are_one_notice_within_a_minute(self, desk: Repository) -> None:
        lines = [silence(f"o{number:03}") for number in range(500)]
        clock = T0
        for start in range(0, 500, 50):
            assert desk.take_in(lines[start : start + 50], now=clock) == []
            desk.pass_time(now=clock)
            clock += 2 * SECOND
        while clock < T0 + 60 * SECOND:
            desk.pass_time(now=clock)
            clock += SECOND
        (notice,) = told(desk)
        assert notice["ids"] == [line.id for line in lines]
        assert "× 500" in notice["title"]
        assert all(f"<o{number:03}>" in notice["body"] for number in range(500))
        assert {(alert.state, alert.rule) for alert in desk.alerts(limit=1000)} == {("raised", "silence")}

    def test_two_processes_at_once_tell_each_thing_once(self, open_one: Callable[[], Repository]) -> None:
        desks = [open_one() for _ in range(2)]
        lines = [silence(f"o{number}") for number in range(20)]
        start = threading.Barrier(len(desks))

        def work(desk: Repository) -> None:
            start.wait(10)
            for line in lines:
                assert desk.take_in([line], now=T0) == []
                desk.pass_time(now=T0)
            for seconds in range(30, 40):
                desk.pass_time(now=T0 + seconds * SECOND)

        with ThreadPoolExecutor(len(desks)) as pool:
            list(pool.map(work, desks))
        (notice,) = told(desks[0])
        assert sorted(notice["ids"]) == sorted(line.id for line in lines)
        assert desks[0].broken_audit() == []

    def test_what_was_inhibited_and_still_lasts_is_told_when_the_outage_ends(self, desk: Repository) -> None:
        desk.take_in([county_outage(), silence("o1"), silence("o2")], now=T0)
        desk.pass_time(now=T0 + MINUTE)
        over = T0 + 5 * MINUTE
        desk.take_in([county_outage(ended=over), silence("o1", ended=over)], now=over)
        for seconds in range(0, 120, 10):
            desk.pass_time(now=over + seconds * SECOND)
        ids = [ids for event, ids in events(desk) if event == "raised"]
        assert ids == [[county_outage().id], [silence("o2").id]]
        assert [(one.event, one.state, one.why) for one in desk.notices(silence("o1").id)] == [
            ("raised", "dropped", "over"),
            ("ended", "dropped", "untold"),
        ]

    def test_who_dies_after_sending_lets_another_send_again_rather_than_never(
        self, open_one: Callable[[], Repository]
    ) -> None:
        one, other = open_one(), open_one()
        one.take_in([exceedance()], now=T0)
        one.pass_time(now=T0 + MINUTE)
        patience = Patience()
        sent = []

        def send(desk: Repository, after: timedelta, *, dies: bool) -> None:
            letters = outbox.claim(desk.engine, "channel:desk", now=WALL + after, patience=patience)
            sent.extend(letter.dedupe_key for letter in letters)
            if not dies:
                results = [(letter, None) for letter in letters]
                outbox.settle(desk.engine, results, now=WALL + after, patience=patience)

        send(one, timedelta(0), dies=True)
        send(other, patience.loan / 2, dies=False)
        assert sent == ["f1:1:channel:desk"], "while it is lent nobody else sends it"
        send(other, patience.loan, dies=False)
        assert sent == ["f1:1:channel:desk"] * 2, "the same key: a receiver that has it can drop it"
        send(one, 2 * patience.loan, dies=False)
        assert len(sent) == 2


class NoticesSuite(NoticesOnEveryDatabase):
    """All of it."""

    def test_counties_and_rules_are_not_thrown_together(self, desk: Repository) -> None:
        desk.take_in(
            [silence("o1"), silence("o2"), silence("o9", county="371503"), exceedance(name="f1")],
            now=T0,
        )
        desk.pass_time(now=T0 + 30 * SECOND)
        assert sorted((notice["county"], len(notice["ids"])) for notice in told(desk)) == [
            (COUNTY, 1),
            (COUNTY, 2),
            ("371503", 1),
        ]

    def test_a_lone_notice_is_the_events_own(self, desk: Repository) -> None:
        desk.take_in([exceedance()], now=T0)
        desk.pass_time(now=T0 + 29 * SECOND)
        assert told(desk) == []
        desk.pass_time(now=T0 + 30 * SECOND)
        (notice,) = told(desk)
        assert (notice["event_id"], notice["id"], notice["ids"]) == ("f1:1", "f1", ["f1"])
        assert "40.00 mg/m³" in notice["body"]

    def test_the_next_of_a_group_waits_for_its_interval_unless_it_is_severe(self, desk: Repository) -> None:
        desk.take_in([silence("o1")], now=T0)
        desk.pass_time(now=T0 + 30 * SECOND)
        desk.take_in([silence("o2"), exceedance(name="f1", severity="severe")], now=T0 + MINUTE)
        desk.pass_time(now=T0 + 2 * MINUTE)
        assert events(desk) == [("raised", [silence("o1").id]), ("raised", ["f1"])]
        desk.take_in([exceedance(name="f2", severity="severe")], now=T0 + 2 * MINUTE)
        desk.pass_time(now=T0 + 3 * MINUTE)
        assert events(desk)[-1] == ("raised", ["f2"]), "a severe one does not wait for the interval"
        desk.pass_time(now=T0 + 5 * MINUTE + 29 * SECOND)
        assert len(told(desk)) == 3
        desk.pass_time(now=T0 + 5 * MINUTE + 30 * SECOND)
        assert events(desk)[-1] == ("raised", [silence("o2").id])

    def test_the_outage_of_a_county_inhibits_the_silences_of_its_outlets(self, desk: Repository) -> None:
        desk.take_in([silence("o1"), silence("o2"), silence("o9", county="371503")], now=T0)
        desk.take_in([county_outage(at=T0 + 10 * SECOND)], now=T0 + 10 * SECOND)
        desk.pass_time(now=T0 + 40 * SECOND)
        outage = county_outage(at=T0 + 10 * SECOND).id
        assert sorted(ids for _, ids in events(desk)) == [[outage], [silence("o9").id]]
        (held,) = desk.notices(silence("o1").id)
        assert (held.state, held.why) == ("withheld", f"inhibited:{outage}")
        assert desk.alert(silence("o1").id).state == "raised", "the alert is there all the same"

    def test_a_silence_holds_back_what_it_covers_and_nothing_else(self, desk: Repository) -> None:
        ends_at = T0 + HOUR
        made = desk.silences.begin(by="李四", reason="停机检修", outlet="o1", county=COUNTY, ends_at=ends_at, now=T0)
        desk.take_in([silence("o1"), silence("o2")], now=T0)
        desk.pass_time(now=T0 + 2 * MINUTE)
        assert events(desk) == [("raised", [silence("o2").id])]
        (held,) = desk.notices(silence("o1").id)
        assert (held.state, held.why) == ("withheld", f"silence:{made.id}")
        assert [one.id for one in desk.silences.over(desk.alert(silence("o1").id), now=T0)] == [made.id]
        assert [event.name for event in desk.timeline(silence("o1").id)] == ["raised"], "raised all the same"

    @pytest.mark.parametrize("early", [False, True], ids=["at its end", "when a person ends it"])
    def test_what_a_silence_held_back_and_still_waits_is_told_once_it_is_over(
        self, desk: Repository, early: bool
    ) -> None:
        made = desk.silences.begin(by="李四", reason="检修", county=COUNTY, ends_at=T0 + 8 * HOUR, now=T0, starts_at=T0)
        desk.take_in([silence("o1"), silence("o2")], now=T0)
        desk.acknowledge(silence("o2").id, by="王五", now=T0 + MINUTE)
        for hours in range(8):
            desk.pass_time(now=T0 + hours * HOUR)
        assert told(desk) == []
        over = T0 + 8 * HOUR
        if early:
            over = T0 + 7 * HOUR + MINUTE
            desk.silences.end(made.id, by="李四", reason="检修完毕", now=over)
        desk.pass_time(now=over)
        desk.pass_time(now=over + 30 * SECOND)
        assert events(desk)[:1] == [("escalated", [silence("o1").id])]
        assert silence("o2").id not in {id_ for _, ids in events(desk) for id_ in ids}
        states = [(one.event, one.state, one.why) for one in desk.notices(silence("o1").id) if one.channel == "desk"]
        assert states[0] == ("raised", "dropped", "superseded"), "the last word is told, not all of them"

    def test_what_comes_and_goes_is_told_later_each_time_and_not_at_all_when_it_is_over_by_then(
        self, desk: Repository
    ) -> None:
        waited = []
        for turn in range(5):
            at = T0 + turn * 3 * HOUR
            desk.take_in([silence("o1", at=at)], now=at)
            moment = at
            while not (heard := [one for one in desk.notices(silence("o1", at=at).id) if one.state == "posted"]):
                moment += 30 * SECOND
                desk.pass_time(now=moment)
                assert moment < at + 3 * HOUR
            waited.append((moment - at) / MINUTE)
            assert heard[0].event == "raised"
            desk.take_in([silence("o1", at=at, ended=at + 2 * HOUR)], now=at + 2 * HOUR)
            desk.pass_time(now=at + 2 * HOUR + MINUTE)
        assert waited == [0.5, 0.5, 5.5, 10.5, 20.5]
        at = T0 + 15 * HOUR
        brief = silence("o1", at=at, ended=at + 2 * MINUTE)
        desk.take_in([silence("o1", at=at)], now=at)
        desk.take_in([brief], now=at + 2 * MINUTE)
        for minutes in range(120):
            desk.pass_time(now=at + minutes * MINUTE)
        assert [(one.event, one.state, one.why) for one in desk.notices(brief.id)] == [
            ("raised", "dropped", "flapping"),
            ("ended", "dropped", "untold"),
        ]
        assert brief.id not in {id_ for _, ids in events(desk) for id_ in ids}
        assert desk.alert(brief.id).state == "raised", "nobody has answered it, so it stays"

    def test_a_severe_alert_never_waits_longer_than_half_of_its_time_to_be_acknowledged(self, desk: Repository) -> None:
        for turn in range(9):
            at = T0 + turn * HOUR
            finding = exceedance(name=f"f{turn}", severity="severe")
            desk.take_in([finding], now=at)
        (last,) = desk.notices("f8")
        assert last.not_before - last.at == 15 * MINUTE

    def test_only_the_level_that_answers_is_told(self, desk: Repository) -> None:
        desk.take_in([exceedance(severity="severe")], now=T0)
        desk.pass_time(now=T0 + MINUTE)
        assert told(desk, "head") == []
        desk.pass_time(now=T0 + 30 * MINUTE)
        desk.pass_time(now=T0 + 31 * MINUTE)
        assert events(desk, "head") == [("escalated", ["f1"])]

    def test_a_restart_tells_nothing_twice(self, open_one: Callable[[], Repository]) -> None:
        lines = [silence("o1"), silence("o2")]
        open_one().take_in(lines, now=T0)
        for turn in range(3):
            again = open_one()
            again.take_in(lines, now=T0 + 40 * SECOND)
            again.pass_time(now=T0 + (40 + turn) * SECOND)
        assert events(again) == [("raised", [silence("o1").id, silence("o2").id])]

    def test_every_attempt_stands_at_the_alert(self, desk: Repository) -> None:
        desk.take_in([exceedance()], now=T0)
        desk.pass_time(now=T0 + MINUTE)
        for minutes, error in ((0, "refused"), (1, None)):
            now = WALL + timedelta(minutes=minutes)
            (letter,) = outbox.claim(desk.engine, "channel:desk", now=now, patience=Patience())
            outbox.settle(desk.engine, [(letter, error)], now=now, patience=Patience())
        (notice,) = desk.notices("f1")
        assert [(attempt.delivered, attempt.error) for attempt in notice.attempts] == [(False, "refused"), (True, "")]

    def test_a_channel_that_the_rulebook_no_longer_has_loses_nothing_else(
        self, open_one: Callable[[], Repository]
    ) -> None:
        open_one().take_in([exceedance()], now=T0)
        without = open_one()
        without.policy = Policy()
        without._recorder = type(without._recorder)(policy=without.policy)
        without.pass_time(now=T0 + MINUTE)
        (notice,) = without.notices("f1")
        assert (notice.state, notice.why) == ("dropped", "no such channel")

    def test_a_day_passes_and_reminders_still_come(self, desk: Repository) -> None:
        desk.take_in([exceedance()], now=T0)
        moment = T0
        while moment < T0 + 3 * DAY:
            desk.pass_time(now=moment)
            moment += HOUR
        names = [event for event, _ in events(desk)]
        assert names[:2] == ["raised", "escalated"]
        assert "reminded" in names
