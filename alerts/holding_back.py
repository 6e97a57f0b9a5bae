"""Why a notice is held back: a silence is in force for its alert, or another alert inhibits it."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from alerts.database import AlertRow
from alerts.desk_tables import SilenceRow
from alerts.policy import Policy
from alerts.silences import Silence

SILENCED, INHIBITED = "silence", "inhibited"


def gone(session: Session, why: str, now: datetime) -> bool:
    """Whether a reason to hold back is no more."""
    kind, _, id_ = why.partition(":")
    if kind == SILENCED:
        silence = session.get(SilenceRow, id_)
        return silence is None or not silence_of(silence).holds(now)
    alert = session.get(AlertRow, id_)
    return alert is None or alert.ended_by_data is not None or alert.state == "closed"


class Reasons:
    """Why something is not told at this moment."""

    def __init__(self, session: Session, policy: Policy, now: datetime) -> None:
        rows = session.scalars(select(SilenceRow).where(SilenceRow.starts_at <= now, SilenceRow.ends_at > now)).all()
        self._silences = [(row.id, silence) for row in rows if (silence := silence_of(row)).holds(now)]
        self._inhibitions = policy.inhibitions
        rules = {rule for inhibition in policy.inhibitions for rule in inhibition.source.rules}
        lasting = select(AlertRow).where(AlertRow.ended_by_data.is_(None), AlertRow.state != "closed")
        if all(inhibition.source.rules for inhibition in policy.inhibitions):
            lasting = lasting.where(AlertRow.rule.in_(rules))
        self._sources: dict[str, list[tuple[str, str, str]]] = {}
        for row in session.scalars(lasting) if policy.inhibitions else ():
            self._sources.setdefault(row.county, []).append((row.id, row.rule, subject_kind(row)))

    def against(self, alert: AlertRow) -> str | None:
        """The first reason not to tell of this alert; None: there is none."""
        outlet = str(alert.subject.get("outlet", ""))
        for id_, silence in self._silences:
            if silence.covers(county=alert.county, outlet=outlet, rule=alert.rule):
                return f"{SILENCED}:{id_}"
        subject = subject_kind(alert)
        for inhibition in self._inhibitions:
            if not inhibition.target.matches(rule=alert.rule, subject=subject):
                continue
            for id_, rule, kind in self._sources.get(alert.county, ()):
                if id_ != alert.id and inhibition.source.matches(rule=rule, subject=kind):
                    return f"{INHIBITED}:{id_}"
        return None


def subject_kind(alert: AlertRow) -> str:
    """``outlet``, ``county`` or what else the alert is about."""
    return next(iter(alert.subject), "")


def silence_of(row: SilenceRow) -> Silence:
    """The row as the rules see it."""
    return Silence(
        county=row.county,
        outlet=row.outlet,
        rule=row.rule,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        ended_at=row.ended_at,
    )
