"""What every database must do for alerts and cases: run on SQLite here, on PostgreSQL by the integration tests."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from alerts import outbox
from alerts.anchors import read_anchors
from alerts.database import open_database, upgrade
from alerts.grouping import Grouping
from alerts.outbox import Patience
from alerts.policy import Policy
from alerts.repository import Conflict, Incomplete, NotAllowed, NotFound, Repository
from alerts.routing import Channel
from emissions.finding import Finding
from tests.unit.alerts.scene import COUNTY, DAY, HOUR, MINUTE, T0, exceedance, low_rate, numbered, with_evidence

AT_ONCE = Grouping(wait=timedelta(0), interval=timedelta(0))
CHANNEL = Channel(name="desk", notifier="webhook", url="http://127.0.0.1:9/")
WALL = datetime(2026, 11, 24, 3, tzinfo=UTC)


class RepositorySuite:
    """Needs a fixture ``url``: an empty database."""

    @pytest.fixture
    def open_one(self, url: str) -> Iterator[Callable[[], Repository]]:
        """Opens the database as one more process would."""
        upgrade(url)
        engines = []

        def opened() -> Repository:
            engines.append(open_database(url))
            return Repository(
                engines[-1],
                policy=Policy(channels=[CHANNEL], grouping=AT_ONCE),
                name_of=lambda code: f"<{code}>",
                wall=lambda: WALL,
            )

        yield opened
        for engine in engines:
            engine.dispose()

    @pytest.fixture
    def desk(self, open_one: Callable[[], Repository]) -> Repository:
        return open_one()

    # -- findings -----------------------------------------------------------------------------------------------

    def test_the_same_finding_twice_is_one_alert(self, desk: Repository) -> None:
        desk.take_in([exceedance(), exceedance()], now=T0)
        desk.take_in([exceedance()], now=T0 + HOUR)
        assert [(a.id, a.state, a.raised_at) for a in desk.alerts()] == [("f1", "raised", T0)]
        assert [e.name for e in desk.timeline("f1")] == ["raised"]

    def test_a_finding_grows_and_ends_in_its_alert(self, desk: Repository) -> None:
        desk.take_in([exceedance(1), exceedance(2), exceedance(2, ended=True)], now=T0)
        alert = desk.alert("f1")
        assert len(alert.evidence["hours"]) == 2
        assert alert.ended_by_data == T0 + 2 * HOUR
        assert alert.state == "raised"
        assert alert.subject_name == "<o1>"
        assert [e.name for e in desk.timeline("f1")] == ["raised", "grew", "ended"]

    def test_a_replay_of_old_versions_undoes_nothing(self, desk: Repository) -> None:
        story = numbered(exceedance(1), exceedance(2), exceedance(2, ended=True))
        desk.take_in(story, now=T0)
        before = desk.alert("f1"), desk.timeline("f1"), desk.backlog()
        desk.take_in(story, now=T0 + HOUR)
        for line in story:
            desk.take_in([line], now=T0 + HOUR)
        assert (desk.alert("f1"), desk.timeline("f1"), desk.backlog()) == before

    @pytest.mark.parametrize(
        ("back", "names"),
        [
            pytest.param(exceedance(2), ["raised", "grew", "grew"], id="one more hour, taken back"),
            pytest.param(exceedance(1, ended=True), ["raised", "ended", "resumed"], id="an end, taken back"),
            pytest.param(exceedance(1, severity="severe"), ["raised", "worsened", "grew"], id="worse, taken back"),
        ],
    )
    def test_what_late_data_took_back_is_taken_back_in_the_alert(
        self, desk: Repository, back: Finding, names: list[str]
    ) -> None:
        story = numbered(exceedance(1), back, exceedance(1))
        for line in [*story, *story]:
            desk.take_in([line], now=T0 + HOUR)
        alert = desk.alert("f1")
        assert (alert.ended_by_data, len(alert.evidence["hours"])) == (None, 1)
        assert [e.name for e in desk.timeline("f1")] == names
        assert desk.broken_audit() == []

    def test_a_severity_that_is_held_does_not_make_the_same_version_a_new_one(self, desk: Repository) -> None:
        for line in [*numbered(exceedance(severity="severe"), exceedance(2)), *numbered(exceedance(2), first=3)]:
            desk.take_in([line], now=T0)
        assert (desk.alert("f1").severity, len(desk.alert("f1").evidence["hours"])) == ("severe", 2)
        assert [e.name for e in desk.timeline("f1")] == ["raised", "grew"]

    def test_an_old_version_never_opens_what_has_ended(self, desk: Repository) -> None:
        going_on, ended = numbered(exceedance(1), exceedance(1, ended=True))
        for line in (going_on, ended, going_on):
            desk.take_in([line], now=T0)
            desk.take_in([line], now=T0 + HOUR)
        assert desk.alert("f1").ended_by_data is not None
        assert [e.name for e in desk.timeline("f1")] == ["raised", "ended"]

    def test_the_log_says_which_version_of_the_finding_did_it(self, desk: Repository) -> None:
        desk.take_in(numbered(exceedance(1), exceedance(2), first=7), now=T0)
        assert [e.detail["revision"] for e in desk.timeline("f1")] == [7, 8]

    def test_a_feed_judged_again_by_other_rules_has_the_last_word(self, desk: Repository) -> None:
        desk.take_in(numbered(exceedance(1), exceedance(2)), now=T0)
        desk.take_in(numbered(exceedance(1), exceedance(2, severity="severe")), now=T0 + HOUR)
        assert desk.alert("f1").severity == "severe"
        assert [e.name for e in desk.timeline("f1")] == ["raised", "grew", "worsened"]

    def test_lines_of_a_version_that_gave_no_numbers_are_older_than_all_that_have_one(self, desk: Repository) -> None:
        desk.take_in([exceedance(1), exceedance(2)], now=T0)
        assert len(desk.alert("f1").evidence["hours"]) == 2
        desk.take_in(numbered(exceedance(3)), now=T0)
        desk.take_in([exceedance(1), exceedance(2)], now=T0)
        assert len(desk.alert("f1").evidence["hours"]) == 3

    def test_what_is_for_the_record_raises_nothing(self, desk: Repository) -> None:
        desk.take_in([exceedance(severity="info"), replace(exceedance(), rule="no_limit")], now=T0)
        assert desk.alerts() == []

    def test_a_correction_below_the_line_still_reaches_its_alert(self, desk: Repository) -> None:
        desk.take_in([exceedance(), exceedance(2, severity="info", ended=True)], now=T0)
        assert (desk.alert("f1").severity, desk.timeline("f1")[-1].name) == ("warning", "ended")
        desk.pass_time(now=T0 + 2 * HOUR - MINUTE)
        assert desk.alert("f1").severity == "warning", "the severity falls only when the data have held for a while"
        desk.pass_time(now=T0 + 2 * HOUR)
        assert (desk.alert("f1").severity, desk.timeline("f1")[-1].name) == ("info", "eased")

    def test_unusable_lines_are_handed_back_and_the_others_taken(self, desk: Repository) -> None:
        naive = datetime(2026, 11, 24, 10)
        lines = [
            exceedance(name="good"),
            exceedance(name="severity", severity="terrible"),
            replace(exceedance(name="naive"), from_=naive),
            replace(exceedance(name="the last hour"), from_=datetime.max.replace(tzinfo=UTC)),
            replace(low_rate("2026-10"), evidence={"months": 1}),
            exceedance(name="also good"),
        ]
        refused = desk.take_in(lines, now=T0)
        assert [bad.index for bad in refused] == [1, 2, 3, 4]
        assert "terrible" in refused[0].why
        assert "time zone" in refused[1].why
        assert "evidence.periods" in refused[3].why
        assert sorted(a.id for a in desk.alerts()) == ["also good", "good"]

    def test_evidence_of_any_shape_is_kept(self, desk: Repository) -> None:
        odd = replace(exceedance(), evidence={"pollutant": 7, "hours": "none", "note": "a\x00b \U0001f3ed"})
        assert desk.take_in([odd], now=T0) == []
        assert desk.alert("f1").evidence == odd.evidence

    # -- people -------------------------------------------------------------------------------------------------

    def test_receive_acknowledge_verify_rectify_close(self, desk: Repository) -> None:
        desk.take_in([exceedance(2, ended=True)], now=T0)
        desk.acknowledge("f1", by="张三", note="on my way", now=T0 + MINUTE)
        desk.verify("f1", by="张三", violation=True, cause="treatment_failure", now=T0 + 2 * MINUTE)
        desk.rectify("f1", by="张三", note="pump replaced", now=T0 + HOUR)
        closed = desk.close("f1", by="李四", reason="seen", now=T0 + 2 * HOUR)
        assert (closed.state, closed.deadline, closed.state_detail["by"]) == ("closed", None, "李四")
        assert closed == desk.alert("f1")
        assert [(e.name, e.by) for e in desk.timeline("f1")] == [
            ("raised", "data"),
            ("acknowledged", "张三"),
            ("verified", "张三"),
            ("rectified", "张三"),
            ("closed", "李四"),
        ]
        assert desk.alerts(state="open") == []

    def test_a_refused_action_leaves_no_trace(self, desk: Repository) -> None:
        desk.take_in([exceedance()], now=T0)
        before = desk.alert("f1"), desk.timeline("f1"), desk.backlog()
        with pytest.raises(NotAllowed):
            desk.close("f1", by="张三", reason="no", now=T0)
        with pytest.raises(Incomplete):
            desk.acknowledge("f1", by="", now=T0)
        assert (desk.alert("f1"), desk.timeline("f1"), desk.backlog()) == before

    def test_what_does_not_exist_is_not_found(self, desk: Repository) -> None:
        asked = [desk.alert, desk.timeline, desk.case, desk.case_timeline]
        acted = [
            lambda key: desk.acknowledge(key, by="张三", now=T0),
            lambda key: desk.advance_case(key, by="张三", now=T0),
        ]
        for question in [*asked, *acted]:
            with pytest.raises(NotFound, match="nothing"):
                question("nothing")

    def test_a_page_that_is_out_of_date_is_told_so(self, desk: Repository) -> None:
        desk.take_in([exceedance()], now=T0)
        seen = desk.alert("f1").version
        desk.acknowledge("f1", by="张三", now=T0, version=seen)
        with pytest.raises(Conflict, match="acknowledged, by 张三"):
            desk.verify("f1", by="李四", violation=False, cause="other", now=T0, version=seen)

    def test_two_people_at_once_one_is_first_and_the_other_hears_of_it(
        self, open_one: Callable[[], Repository]
    ) -> None:
        desks = [open_one() for _ in range(4)]
        desks[0].take_in([exceedance()], now=T0)
        start = threading.Barrier(len(desks))

        def act(number: int) -> str:
            start.wait(10)
            try:
                desks[number].acknowledge("f1", by=f"person {number}", now=T0)
            except NotAllowed as error:
                return str(error)
            return ""

        with ThreadPoolExecutor(len(desks)) as pool:
            said = list(pool.map(act, range(len(desks))))
        assert said.count("") == 1
        winner = f"person {said.index('')}"
        assert all(winner in words for words in said if words)
        assert [(e.name, e.by) for e in desks[0].timeline("f1")] == [("raised", "data"), ("acknowledged", winner)]

    def test_two_processes_at_once_make_each_alert_and_case_once(self, open_one: Callable[[], Repository]) -> None:
        desks = [open_one() for _ in range(3)]
        lines = numbered(
            *(exceedance(hours, name=f"f{n}") for n in range(8) for hours in (1, 2)),
            low_rate("2026-10"),
            low_rate("2026-10", valid=886),
        )
        start = threading.Barrier(len(desks))

        def act(desk: Repository) -> None:
            start.wait(10)
            for line in lines:
                assert desk.take_in([line], now=T0) == []

        with ThreadPoolExecutor(len(desks)) as pool:
            list(pool.map(act, desks))
        assert sorted(a.id for a in desks[0].alerts()) == [f"f{n}" for n in range(8)]
        assert {tuple(e.name for e in desks[0].timeline(f"f{n}")) for n in range(8)} == {("raised", "grew")}
        assert {len(alert.evidence["hours"]) for alert in desks[0].alerts()} == {2}
        (case,) = desks[0].cases()
        assert [e.name for e in desks[0].case_timeline(case.id)] == ["opened", "evidence_updated"]
        assert desks[0].broken_audit() == []

    # -- time ---------------------------------------------------------------------------------------------------

    def test_missed_deadlines_escalate_once_each(self, desk: Repository) -> None:
        desk.take_in([exceedance(), exceedance(name="f2", severity="severe"), low_rate("2026-10")], now=T0)
        assert desk.pass_time(now=T0 + 29 * MINUTE) == 0
        assert desk.pass_time(now=T0 + 30 * MINUTE) == 1
        assert desk.pass_time(now=T0 + 30 * MINUTE) == 0
        assert (desk.alert("f2").level, desk.alert("f1").level) == ("county_head", "county_inspector")
        assert desk.pass_time(now=T0 + 3 * DAY) == 3
        assert desk.cases()[0].measure == "preliminary_notice"
        assert desk.timeline("f2")[-1].by == "clock"

    def test_after_a_long_pause_every_missed_deadline_is_done_in_portions(self, desk: Repository) -> None:
        desk.take_in([exceedance(name=f"f{n}") for n in range(5)], now=T0)
        assert [desk.pass_time(now=T0 + DAY, limit=2) for _ in range(4)] == [2, 2, 1, 0]

    # -- cases --------------------------------------------------------------------------------------------------

    def test_months_join_the_open_case(self, desk: Repository) -> None:
        desk.take_in([low_rate("2026-10"), low_rate("2026-10", "2026-11")], now=T0)
        (case,) = desk.cases()
        assert list(case.evidence) == ["2026-10", "2026-11"]
        assert [e.name for e in desk.case_timeline(case.id)] == ["opened", "evidence_joined"]
        desk.take_in([low_rate("2026-10"), low_rate("2026-10", "2026-11")], now=T0 + HOUR)
        assert len(desk.case_timeline(case.id)) == 2

    def test_triggers_and_counties_have_their_own_cases(self, desk: Repository) -> None:
        desk.take_in(
            [
                low_rate("2026-10"),
                low_rate("2026-10", trigger="exceeding"),
                low_rate("2026-10", county="371503"),
            ],
            now=T0,
        )
        found = {(c.county, c.trigger) for c in desk.cases()}
        assert found == {(COUNTY, "rate"), (COUNTY, "exceeding"), ("371503", "rate")}
        assert len(desk.cases(county="371503")) == 1

    def test_what_late_data_took_back_is_taken_back_in_the_case(self, desk: Repository) -> None:
        low = low_rate("2026-10", lifted_by_late_data=False)
        story = numbered(low, with_evidence(low, "2026-10", lifted_by_late_data=True), low)
        for line in [*story, *story]:
            desk.take_in([line], now=T0)
        (case,) = desk.cases()
        assert case.evidence["2026-10"]["lifted_by_late_data"] is False
        events = desk.case_timeline(case.id)
        assert [e.name for e in events] == ["opened", "evidence_updated", "evidence_updated"]
        assert [e.detail.get("revision") for e in events] == [None, 2, 3]

    def test_late_data_are_noted_and_close_nothing(self, desk: Repository) -> None:
        line = low_rate("2026-10")
        desk.take_in([line, with_evidence(line, "2026-10", lifted_by_late_data=True)], now=T0)
        (case,) = desk.cases()
        assert case.state == "opened"
        assert "lifted the rate" in desk.case_timeline(case.id)[-1].reason

    def test_from_opening_over_a_return_to_clearance_and_a_new_case(self, desk: Repository) -> None:
        desk.take_in([low_rate("2026-10")], now=T0)
        case_id = desk.cases()[0].id
        for note in ("begun", "done", "looking"):
            desk.advance_case(case_id, by="王五", note=note, now=T0 + HOUR)
        desk.return_case(case_id, by="赵六", reason="still under", now=T0 + 2 * HOUR)
        for note in ("done again", "looking"):
            desk.advance_case(case_id, by="王五", note=note, now=T0 + 3 * HOUR)
        cleared = desk.clear_case(case_id, by="赵六", reason="verified on site", now=T0 + 4 * HOUR)
        assert (cleared.state, cleared.deadline) == ("cleared", None)
        signed = desk.case_timeline(case_id)[-1]
        assert (signed.name, signed.by, signed.reason) == ("cleared", "赵六", "verified on site")
        assert signed.at == T0 + 4 * HOUR
        assert signed.hash == desk.audit_lengths()["case_events"][1], "the signature is the head of the chain"

        line = low_rate("2026-10", "2026-11")
        desk.take_in([with_evidence(line, "2026-10", valid=999)], now=T0 + DAY)
        cases = {c.state: c for c in desk.cases()}
        assert list(cases) == ["opened", "cleared"] or set(cases) == {"opened", "cleared"}
        assert list(cases["opened"].evidence) == ["2026-11"]
        assert cases["cleared"].evidence["2026-10"]["valid"] == 999
        assert [c.id for c in desk.cases(state="open")] == [cases["opened"].id]

    # -- audit and outbox ---------------------------------------------------------------------------------------

    @pytest.mark.parametrize(
        "edit",
        [
            pytest.param(
                "UPDATE alert_events SET reason = 'nothing happened' WHERE sequence = 2", id="a changed reason"
            ),
            pytest.param(
                "UPDATE alert_events SET at = (SELECT at FROM alert_events WHERE sequence = 3) WHERE sequence = 2",
                id="a changed moment",
            ),
            pytest.param("DELETE FROM alert_events WHERE sequence = 2", id="a line taken out"),
            pytest.param("DELETE FROM alert_events WHERE sequence = 3", id="the end cut off"),
            pytest.param(
                "UPDATE alert_events SET sequence = CASE sequence WHEN 1 THEN 9 ELSE 1 END WHERE sequence IN (1, 9)",
                id="a line put elsewhere",
            ),
            pytest.param("DELETE FROM case_events", id="a whole log emptied"),
            pytest.param("DELETE FROM audit_chains", id="the heads removed"),
        ],
    )
    def test_the_audit_log_shows_an_edit(self, desk: Repository, edit: str) -> None:
        desk.take_in([exceedance(1), exceedance(2), low_rate("2026-10")], now=T0)
        desk.acknowledge("f1", by="张三", now=T0 + MINUTE)
        assert desk.broken_audit() == []
        with desk.engine.begin() as connection:
            connection.execute(text(edit))
        assert desk.broken_audit() != []

    def test_a_log_that_was_cut_and_given_a_new_head_disagrees_with_what_was_published(self, desk: Repository) -> None:
        desk.take_in([exceedance(1), exceedance(2), low_rate("2026-10")], now=T0)
        heads = desk.anchor(now=T0)
        assert set(heads) == {"alert_events", "case_events"}
        assert desk.anchor(now=T0 + MINUTE) == {}, "only what has grown is published again"
        published = [letter.payload.encode() for letter in outbox.waiting(desk.engine, outbox.KAFKA)]
        anchors = read_anchors(published)
        assert desk.broken_audit(anchors) == []
        first = desk.timeline("f1")[0]
        with desk.engine.begin() as connection:
            connection.execute(text("DELETE FROM alert_events WHERE sequence = 2"))
            cut = text("UPDATE audit_chains SET length = 1, hash = :hash WHERE name = 'alert_events'")
            connection.execute(cut, {"hash": first.hash})
        assert desk.broken_audit() == [], "in itself it is whole"
        (broken,) = desk.broken_audit(anchors)
        assert (broken.log, broken.sequence) == ("alert_events", 2)
        assert "line 2 was published" in broken.why

    def test_every_event_goes_out_three_ways(self, desk: Repository) -> None:
        desk.take_in([exceedance(), low_rate("2026-10")], now=T0)
        assert desk.backlog() == {"kafka": 2, "mqtt": 2, "channel:desk": 2}
        desk.take_in([exceedance(2)], now=T0)
        assert desk.backlog() == {"kafka": 3, "mqtt": 3, "channel:desk": 2}, "nobody is woken for one more hour"

    def test_people_hear_of_an_alert_that_worsens(self, desk: Repository) -> None:
        desk.take_in([exceedance(), exceedance(2, severity="severe")], now=T0)
        assert desk.backlog()["channel:desk"] == 2

    def test_a_letter_is_lent_to_one_and_comes_back(self, open_one: Callable[[], Repository]) -> None:
        one, other = open_one(), open_one()
        one.take_in([exceedance()], now=T0)
        patience = Patience(loan=timedelta(seconds=30), first=timedelta(seconds=2))

        def lent(desk: Repository, after: int) -> list[outbox.Letter]:
            now = WALL + timedelta(seconds=after)
            return outbox.claim(desk.engine, "channel:desk", now=now, patience=patience)

        (letter,) = lent(one, 0)
        assert lent(other, 29) == []
        (again,) = lent(other, 30)
        assert again.dedupe_key == letter.dedupe_key
        outbox.settle(other.engine, [(again, "refused")], now=WALL + timedelta(seconds=31), patience=patience)
        assert lent(one, 32) == []
        (third,) = lent(one, 33)
        outbox.settle(one.engine, [(third, None)], now=WALL + timedelta(seconds=34), patience=patience)
        assert lent(one, 10_000) == []
        assert [(ok, error) for _, ok, error in outbox.attempts(one.engine, letter.dedupe_key)] == [
            (False, "refused"),
            (True, ""),
        ]

    def test_a_letter_that_never_goes_out_is_given_up_and_kept(self, desk: Repository) -> None:
        desk.take_in([exceedance()], now=T0)
        (letter,) = outbox.waiting(desk.engine, "channel:desk")
        late = WALL + timedelta(hours=24)
        assert outbox.settle(desk.engine, [(letter, "refused")], now=late, patience=Patience()) == 1
        assert outbox.waiting(desk.engine, "channel:desk") == []
        assert len(outbox.attempts(desk.engine, letter.dedupe_key)) == 1
