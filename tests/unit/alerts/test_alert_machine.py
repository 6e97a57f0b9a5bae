"""Any order of data, people and time: what must always hold for alerts and cases, on a real database."""

import tempfile
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from alerts.database import open_database, upgrade
from alerts.escalation import CAUSES
from alerts.ladder import Ladder
from alerts.policy import Policy
from alerts.repository import Conflict, Incomplete, NotAllowed, Repository
from alerts.routing import Channel
from alerts.transition import MACHINES
from emissions.finding import Case, Finding
from tests.unit.alerts.scene import COUNTY, T0, exceedance, low_rate, numbered

NAMES = st.sampled_from(["f1", "f2"])
PEOPLE = st.sampled_from(["张三", "李四"])
PERIODS = ["2026-09", "2026-10", "2026-11"]


@cache
def empty_database() -> bytes:
    """A database with its schema, made once for all stories."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "alerts.sqlite"
        upgrade(f"sqlite:///{path}")
        return path.read_bytes()


CHANNEL = Channel(name="desk", notifier="webhook", url="http://127.0.0.1:9/")
DECIDED = {"confirmed", "declined"}


class Inspection(RuleBasedStateMachine):
    """A county with two outlets over the limit now and then, and a rate that is too low in some months."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        path = Path(self.folder.name) / "alerts.sqlite"
        path.write_bytes(empty_database())
        url = f"sqlite:///{path}"
        policy = Policy(channels=[CHANNEL], ladder=Ladder(grace=timedelta(hours=1)))
        self.desk = Repository(open_database(url), policy=policy)
        self.read: dict[str, int] = {}
        self.now: datetime = T0
        self.hours = {"f1": 0, "f2": 0}
        self.months = 0
        self.said: dict[str, list[Finding | Case]] = {"f1": [], "f2": []}

    def teardown(self) -> None:
        self.desk.engine.dispose()
        self.folder.cleanup()

    @initialize()
    def begin(self) -> None:
        self.data("f1", "warning", False)

    # -- what may happen ----------------------------------------------------------------------------------------

    @rule(name=NAMES, severity=st.sampled_from(["warning", "severe"]), ended=st.booleans())
    def data(self, name: str, severity: str, ended: bool) -> None:
        self.hours[name] += 1
        line = exceedance(self.hours[name], name=name, severity=severity, ended=ended)
        self.said[name] += numbered(line, first=len(self.said[name]) + 1)
        line = self.said[name][-1]
        assert self.desk.take_in([line, line], now=self.now) == []

    @rule(name=NAMES)
    def data_again(self, name: str) -> None:
        """All that was ever said of a finding is read again."""
        if self.hours[name]:
            before = self.desk.alerts(), self.desk.backlog()
            assert self.desk.take_in(self.said[name], now=self.now) == []
            assert (self.desk.alerts(), self.desk.backlog()) == before

    @rule(month=st.booleans())
    def grounds(self, month: bool) -> None:
        self.months = min(self.months + month, len(PERIODS)) or 1
        self.desk.take_in([low_rate(*PERIODS[: self.months])], now=self.now)

    @rule(hours=st.sampled_from([0.2, 1, 5, 30, 24 * 31]))
    def time(self, hours: float) -> None:
        self.now += timedelta(hours=hours)
        self.desk.pass_time(now=self.now)

    @rule(name=NAMES, by=PEOPLE, act=st.sampled_from(["acknowledge", "verify", "reject", "rectify", "close"]))
    def person(self, name: str, by: str, act: str) -> None:
        if not self.hours[name]:
            return
        before = self.desk.alert(name)
        try:
            match act:
                case "acknowledge":
                    self.desk.acknowledge(name, by=by, now=self.now)
                case "verify" | "reject":
                    violation = act == "verify"
                    self.desk.verify(name, by=by, violation=violation, cause=CAUSES[0], now=self.now)
                case "rectify":
                    self.desk.rectify(name, by=by, note="put right", now=self.now)
                case "close":
                    self.desk.close(name, by=by, reason="seen", now=self.now)
        except NotAllowed:
            assert self.desk.alert(name) == before

    @rule(name=NAMES, by=PEOPLE, violation=st.booleans())
    def next_step(self, name: str, by: str, violation: bool) -> None:
        """Somebody does what the alert waits for."""
        alert = self.desk.alert(name) if self.hours[name] else None
        match alert and (alert.state, alert.state_detail.get("violation")):
            case ("raised", _):
                self.desk.acknowledge(name, by=by, now=self.now)
            case ("acknowledged", _):
                self.desk.verify(name, by=by, violation=violation, cause=CAUSES[0], now=self.now)
            case ("verified", True):
                self.desk.rectify(name, by=by, note="put right", now=self.now)
            case ("verified", False) | ("rectified", _):
                self.desk.close(name, by=by, reason="seen", now=self.now)

    @rule(name=NAMES, by=PEOPLE, act=st.sampled_from(["assign", "comment", "attach"]))
    def note(self, name: str, by: str, act: str) -> None:
        """What people do beside moving it on: it changes no state, and is written down all the same."""
        if not self.hours[name]:
            return
        before = self.desk.alert(name)
        try:
            match act:
                case "assign":
                    self.desk.assign(name, assignee="王五", by=by, now=self.now)
                case "comment":
                    self.desk.comment(name, by=by, text="看过", now=self.now)
                case "attach":
                    self.desk.files.add(
                        "alert", name, name="a.txt", media_type="text/plain", content=b"x", by=by, now=self.now
                    )
        except (NotAllowed, Incomplete):
            assert self.desk.alert(name) == before
            return
        after = self.desk.alert(name)
        assert (after.state, after.severity, after.level) == (before.state, before.severity, before.level)
        assert after.version > before.version

    @rule(name=NAMES)
    def look(self, name: str) -> None:
        """Somebody opens the page, to act on it later."""
        if self.hours[name]:
            self.read[name] = self.desk.alert(name).version

    @rule(name=NAMES, by=PEOPLE)
    def act_on_what_was_read(self, name: str, by: str) -> None:
        """Two people at once: who acts on a page that is out of date is told so, and changes nothing."""
        if name not in self.read:
            return
        before, version = self.desk.alert(name), self.read[name]
        try:
            self.desk.acknowledge(name, by=by, now=self.now, version=version)
        except Conflict:
            assert version != before.version
            assert self.desk.alert(name) == before
        except NotAllowed:
            assert self.desk.alert(name) == before
        else:
            assert version == before.version

    @rule(hours=st.sampled_from([1, 30]), rule=st.sampled_from(["", "hourly_exceedance", "silence"]), by=PEOPLE)
    def silence(self, hours: int, rule: str, by: str) -> None:
        ends_at = self.now + timedelta(hours=hours)
        before = self.desk.alerts()
        self.desk.silences.begin(by=by, reason="检修", county=COUNTY, rule=rule, ends_at=ends_at, now=self.now)
        assert self.desk.alerts() == before

    @rule(by=PEOPLE, act=st.sampled_from(["confirm", "decline"]))
    def decide(self, by: str, act: str) -> None:
        desk = self.desk.proposals
        for proposal in desk.all():
            decision = desk.confirm if act == "confirm" else desk.decline
            try:
                decision(proposal.id, by=by, reason="核实", now=self.now)
            except NotAllowed:
                assert proposal.state in DECIDED
                assert desk.one(proposal.id) == proposal

    @rule(by=PEOPLE, days=st.integers(1, 5), planned=st.booleans())
    def order(self, by: str, days: int, planned: bool) -> None:
        if len(self.desk.orders.all()) < 3:
            self.desk.orders.order(
                outlet="o1",
                county=COUNTY,
                kind="maintenance",
                title="巡检",
                by=by,
                now=self.now,
                due_at=self.now + timedelta(days=days),
                planned=planned,
            )

    @rule(by=PEOPLE, act=st.sampled_from(["assign", "done", "done", "return", "close", "close", "cancel", "comment"]))
    def work(self, by: str, act: str) -> None:
        desk = self.desk.orders
        for order in desk.all():
            try:
                match act:
                    case "assign":
                        desk.assign(order.id, assignee="运维", by=by, now=self.now)
                    case "done":
                        desk.done(order.id, by=by, note="做完", now=self.now)
                    case "return":
                        desk.send_back(order.id, by=by, reason="不全", now=self.now)
                    case "close":
                        desk.close(order.id, by=by, now=self.now)
                    case "cancel":
                        desk.cancel(order.id, by=by, reason="重复", now=self.now)
                    case "comment":
                        desk.comment(order.id, by=by, text="看过", now=self.now)
            except NotAllowed:
                assert desk.one(order.id) == order

    @rule(by=PEOPLE, act=st.sampled_from(["advance", "advance", "return", "clear", "comment"]))
    def person_on_case(self, by: str, act: str) -> None:
        for case in self.desk.cases(state="open"):
            try:
                match act:
                    case "advance":
                        self.desk.advance_case(case.id, by=by, note="done", now=self.now)
                    case "return":
                        self.desk.return_case(case.id, by=by, reason="not done", now=self.now)
                    case "clear":
                        self.desk.clear_case(case.id, by=by, reason="verified", now=self.now)
                    case "comment":
                        self.desk.comment_case(case.id, by=by, text="看过", now=self.now)
            except NotAllowed:
                assert self.desk.case(case.id) == case

    # -- what must hold -----------------------------------------------------------------------------------------

    @invariant()
    def nothing_is_closed_unseen(self) -> None:
        for alert in self.desk.alerts(state="closed"):
            names = [event.name for event in self.desk.timeline(alert.id)]
            life = names[max(i for i, name in enumerate(names) if name in {"raised", "reopened"}) :]
            assert life.index("acknowledged") < life.index("verified") < life.index("closed")
            if alert.state_detail["violation"]:
                assert "rectified" in life
            (closing,) = [event for event in self.desk.timeline(alert.id)[-len(life) :] if event.name == "closed"]
            assert closing.by not in MACHINES
            assert closing.reason

    @invariant()
    def a_deadline_is_set_while_somebody_must_act(self) -> None:
        for item in [*self.desk.alerts(), *self.desk.cases(), *self.desk.proposals.all(), *self.desk.orders.all()]:
            assert (item.deadline is None) == (item.state in {"closed", "cleared", "cancelled", *DECIDED})
            if item.deadline is not None:
                assert item.deadline == datetime.fromisoformat(item.state_detail["deadline"])

    @invariant()
    def one_alert_for_a_finding_with_all_its_evidence(self) -> None:
        alerts = self.desk.alerts()
        assert sorted(a.id for a in alerts) == sorted(name for name, hours in self.hours.items() if hours)
        assert all(len(a.evidence["hours"]) == self.hours[a.id] for a in alerts)

    @invariant()
    def one_open_case_and_every_month_in_one_case(self) -> None:
        cases = self.desk.cases(county=COUNTY)
        assert sum(case.state != "cleared" for case in cases) <= 1
        months = [period for case in cases for period in case.evidence]
        assert sorted(months) == PERIODS[: self.months]

    @invariant()
    def only_a_person_clears(self) -> None:
        for case in self.desk.cases(state="cleared"):
            last = [event for event in self.desk.case_timeline(case.id) if event.name == "cleared"]
            assert len(last) == 1
            assert last[0].by not in MACHINES
            assert last[0].reason

    @invariant()
    def one_open_proposal_and_only_people_decide(self) -> None:
        proposals = self.desk.proposals.all()
        assert sum(proposal.state == "proposed" for proposal in proposals) <= 1
        assert all(set(proposal.grounds) <= set(self.hours) for proposal in proposals)
        for proposal in proposals:
            if proposal.state in DECIDED:
                last = self.desk.proposals.timeline(proposal.id)[-1]
                assert (last.name, last.by in MACHINES) == (proposal.state, False)
                assert last.reason

    @invariant()
    def no_work_order_is_closed_that_nobody_reported_as_done(self) -> None:
        for order in self.desk.orders.all():
            names = [event.name for event in self.desk.orders.timeline(order.id)]
            assert (order.done_at is not None) == (order.state in {"done", "closed"})
            if order.state == "closed":
                moves = [name for name in names if name in {"ordered", "done", "returned", "closed"}]
                assert moves[-2:] == ["done", "closed"]

    @invariant()
    def every_event_that_is_to_be_told_is_told_or_says_why_not(self) -> None:
        for alert in self.desk.alerts():
            tellable = [event for event in self.desk.timeline(alert.id) if event.name in self.desk.policy.routes.notify]
            notices = self.desk.notices(alert.id)
            # An alert that has fallen below what the channel hears of is told there no more.
            assert len(notices) <= len(tellable)
            assert {notice.event_id for notice in notices} <= {f"{alert.id}:{event.sequence}" for event in tellable}
            for notice in notices:
                assert (notice.state in {"withheld", "dropped"}) == bool(notice.why)

    @invariant()
    def the_audit_log_is_whole(self) -> None:
        assert self.desk.broken_audit() == []


TestInspection = Inspection.TestCase
TestInspection.settings = settings(
    max_examples=15, stateful_step_count=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
