"""What ``finding`` and ``case`` lines do to the alert database. The same line again, or an older one, does nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from alerts import cases, lifecycle, proposing
from alerts.database import AlertRow, CaseRow, EvidenceRow
from alerts.notices import alert_key
from alerts.recording import Recorder, alert_of, case_of, put_case
from alerts.routing import Alerting, Unroutable, route
from alerts.transition import DATA, Event, Unusable
from emissions.beijing import utc
from emissions.finding import Case, Finding, finding_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """Takes lines in, within the caller's transaction."""

    recorder: Recorder

    def finding(self, session: Session, finding: Finding, *, now: datetime, wall: datetime) -> bool:
        """Raise the finding's alert, or let it grow, end or go on; tells whether anything was new.

        Raises:
            Unusable: an unknown severity, or a moment without a zone.
        """
        _zoned(finding.from_, finding.to, finding.known_at)
        decision = route(finding, self.recorder.policy.routes)
        if isinstance(decision, Unroutable):
            raise Unusable(decision.reason)
        row = session.get(AlertRow, finding.id)
        if row is None and not isinstance(decision, Alerting):
            return False
        if row is None:
            step = lifecycle.raise_alert(
                severity=finding.severity,
                ended_by_data=finding.to,
                at=now,
                reason=f"finding of rule {finding.rule}",
                terms=self.recorder.policy.terms,
            )
            row = self._new_alert(finding, now=now)
        elif finding.revision < row.revision or _shows(row, finding):
            return False
        else:
            step = lifecycle.observe(
                alert_of(row),
                severity=finding.severity,
                ended_by_data=finding.to,
                at=now,
                terms=self.recorder.policy.terms,
            )
        row.started_at, row.known_at, row.evidence = finding.from_, finding.known_at, finding.evidence
        row.revision = finding.revision
        said = {"known_at": finding.known_at, "to": finding.to, "revision": finding.revision}
        step = step[0], replace(step[1], detail={**step[1].detail, **said})
        self.recorder.alert(session, row, step, wall=wall)
        proposing.consider(session, self.recorder, row, now=now, wall=wall)
        return True

    def _new_alert(self, finding: Finding, *, now: datetime) -> AlertRow:
        about = next(iter(finding.subject.values()), finding.county)
        return AlertRow(
            id=finding.id,
            rule=finding.rule,
            subject=finding.subject,
            subject_name=self.recorder.name_of(about),
            county=finding.county,
            raised_at=now,
            key=alert_key(finding.rule, finding.subject, finding.evidence.get("pollutant")),
        )

    def case(self, session: Session, case: Case, *, now: datetime, wall: datetime) -> bool:
        """Open a case, or add to one, month by month (R17); tells whether anything was new.

        Raises:
            Unusable: no evidence by month, or a moment without a zone.
        """
        _zoned(case.opened_at)
        periods = case.evidence.get("periods")
        if not isinstance(periods, Mapping) or not all(isinstance(added, Mapping) for added in periods.values()):
            raise Unusable("a case line needs evidence.periods, by month")
        rows = session.scalars(
            select(EvidenceRow).where(EvidenceRow.county == case.county, EvidenceRow.trigger == case.trigger)
        )
        known = {row.period: row for row in rows}
        row = session.scalars(
            select(CaseRow).where(
                CaseRow.county == case.county, CaseRow.trigger == case.trigger, CaseRow.state != "cleared"
            )
        ).one_or_none()
        placed = cases.place(
            periods,
            known={period: evidence.case_id for period, evidence in known.items()},
            open_id=row.id if row is not None else None,
        )
        changed = False
        for placement in placed:
            if placement.period in known:
                month = known[placement.period]
                if case.revision >= month.revision and dict(placement.evidence) != dict(month.evidence):
                    self._update(session, month, placement.evidence, revision=case.revision, now=now, wall=wall)
                    changed = True
                continue
            row = self._join(session, case, row, placement, now=now, wall=wall)
            changed = True
        return changed

    def _join(
        self,
        session: Session,
        case: Case,
        row: CaseRow | None,
        placement: cases.Placement,
        *,
        now: datetime,
        wall: datetime,
    ) -> CaseRow:
        """A month first seen: it joins the open case, and where there is none it opens one."""
        if row is None:
            opened_at = _opened_at(placement.evidence, otherwise=case.opened_at)
            step = cases.open_case(
                at=now, reason=f"trigger {case.trigger}, {placement.period}", terms=self.recorder.policy.terms
            )
            row = CaseRow(
                id=finding_id("case", case.county, case.trigger, placement.period),
                county=case.county,
                county_name=self.recorder.name_of(case.county),
                trigger=case.trigger,
                opened_at=opened_at,
            )
            put_case(row, step[0])
            session.add(row)
            session.flush()
        else:
            event = Event(name="evidence_joined", at=now, by=DATA, reason=f"{placement.period} adds evidence")
            step = case_of(row), event
        session.add(
            EvidenceRow(
                case_id=row.id,
                county=case.county,
                trigger=case.trigger,
                period=placement.period,
                evidence=placement.evidence,
                revision=case.revision,
                updated_at=now,
            )
        )
        step = step[0], replace(step[1], detail={"period": placement.period})
        self.recorder.case(session, row, step, wall=wall)
        return row

    def _update(
        self,
        session: Session,
        known: EvidenceRow,
        evidence: Mapping[str, Any],
        *,
        revision: int,
        now: datetime,
        wall: datetime,
    ) -> None:
        """A month that is known says more: noted on its case, whatever state that is in."""
        lifted = bool(evidence.get("lifted_by_late_data")) and not known.evidence.get("lifted_by_late_data")
        known.evidence, known.revision, known.updated_at = evidence, revision, now
        row = session.get_one(CaseRow, known.case_id)
        reason = "late data have lifted the rate over the line" if lifted else f"{known.period} has more evidence"
        event = Event(
            name="evidence_updated",
            at=now,
            by=DATA,
            reason=reason,
            detail={"period": known.period, "lifted_by_late_data": lifted, "revision": revision},
        )
        self.recorder.case(session, row, (case_of(row), event), wall=wall)


def _shows(row: AlertRow, finding: Finding) -> bool:
    """Whether the alert says already what the finding says; its severity may be held above the data's."""
    alert = alert_of(row)
    here = (alert.calmer or alert.severity, row.started_at, alert.ended_by_data, row.known_at, dict(row.evidence))
    return here == (finding.severity, finding.from_, finding.to, finding.known_at, dict(finding.evidence))


def _opened_at(evidence: Mapping[str, Any], *, otherwise: datetime) -> datetime:
    """When this month gave grounds for a case."""
    try:
        opened_at = datetime.fromisoformat(str(evidence.get("opened_at")))
    except ValueError:
        return otherwise
    return opened_at if opened_at.tzinfo is not None else otherwise


def _zoned(*moments: datetime | None) -> None:
    for moment in moments:
        try:
            if moment is not None:
                utc(moment)
        except (ValueError, OverflowError) as error:
            raise Unusable(f"{moment} is no moment that can be stored: {error}") from error
