"""Any order of data, people and time: what must always hold for alerts and cases, on a real database."""

import tempfile
from datetime import datetime, timedelta
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from alerts.database import open_database, upgrade
from alerts.escalation import CAUSES
from alerts.repository import NotAllowed, Repository
from alerts.transition import MACHINES
from emissions.finding import Finding
from tests.unit.alerts.scene import COUNTY, T0, exceedance, low_rate

NAMES = st.sampled_from(["f1", "f2"])
PEOPLE = st.sampled_from(["张三", "李四"])
PERIODS = ["2026-09", "2026-10", "2026-11"]


class Inspection(RuleBasedStateMachine):
    """A county with two outlets over the limit now and then, and a rate that is too low in some months."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        url = f"sqlite:///{Path(self.folder.name)}/alerts.sqlite"
        upgrade(url)
        self.desk = Repository(open_database(url))
        self.now: datetime = T0
        self.hours = {"f1": 0, "f2": 0}
        self.months = 0
        self.said: dict[str, list[Finding]] = {"f1": [], "f2": []}

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
        self.said[name].append(line)
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

    @rule(by=PEOPLE, act=st.sampled_from(["advance", "advance", "return", "clear"]))
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
        for item in [*self.desk.alerts(), *self.desk.cases()]:
            assert (item.deadline is None) == (item.state in {"closed", "cleared"})
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
    def the_audit_log_is_whole(self) -> None:
        assert self.desk.broken_audit() == []


TestInspection = Inspection.TestCase
TestInspection.settings = settings(
    max_examples=50, stateful_step_count=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
