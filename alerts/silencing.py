"""Silences in the database: who silenced what, why and until when."""

from collections.abc import Callable
from datetime import datetime
from uuid import uuid4

from sqlalchemy import and_, false, func, or_, select
from sqlalchemy.orm import Session

from alerts.desk_tables import SilenceRow
from alerts.desk_views import SilenceView, silence_view
from alerts.holding_back import silence_of
from alerts.queries import NotFound, Reader
from alerts.recording import Recorder, Subject
from alerts.silences import Silence, checked
from alerts.transaction import reading, transact
from alerts.transition import Event, NotAllowed, person, stated
from alerts.views import AlertView
from emissions.beijing import to_beijing


class Silences:
    """What people see of silences, and what they do with them."""

    def __init__(self, desk: Reader, recorder: Recorder, wall: Callable[[], datetime]) -> None:
        self._desk = desk
        self._recorder = recorder
        self._wall = wall

    def all(
        self,
        *,
        now: datetime,
        county: str | None = None,
        state: str | None = None,
        limit: int = 200,
        offset: int = 0,
    ) -> list[SilenceView]:
        """Silences, the newest first; ``state`` is ``active``, ``pending`` or ``ended`` at ``now``.

        Whoever sees one county sees also what is silenced for all, but not what names a single outlet somewhere.
        """
        query = select(SilenceRow).order_by(SilenceRow.created_at.desc(), SilenceRow.id)
        for only in {county, self._desk.county} - {None}:
            everywhere = and_(SilenceRow.county == "", SilenceRow.outlet == "")
            query = query.where(or_(SilenceRow.county == only, everywhere))
        over = or_(SilenceRow.ends_at <= now, func.coalesce(SilenceRow.ended_at <= now, false()))
        begun = SilenceRow.starts_at <= now
        if state == "active":
            query = query.where(begun, ~over)
        elif state == "pending":
            query = query.where(~begun, ~over)
        elif state == "ended":
            query = query.where(over)
        with reading(self._desk.engine) as session:
            return [silence_view(row) for row in session.scalars(query.limit(limit).offset(offset))]

    def one(self, silence_id: str) -> SilenceView:
        """One silence; raises ``NotFound``."""
        with reading(self._desk.engine) as session:
            return silence_view(self._found(session, silence_id))

    def over(self, alert: AlertView, *, now: datetime) -> list[SilenceView]:
        """The silences that keep an alert from being told at this moment."""
        query = select(SilenceRow).where(SilenceRow.starts_at <= now, SilenceRow.ends_at > now)
        outlet = str(alert.subject.get("outlet", ""))
        with reading(self._desk.engine) as session:
            rows = session.scalars(query.order_by(SilenceRow.created_at)).all()
            return [silence_view(row) for row in rows if _silences(row, alert, outlet, now)]

    def begin(
        self,
        *,
        by: str,
        reason: str,
        ends_at: datetime,
        now: datetime,
        starts_at: datetime | None = None,
        county: str = "",
        outlet: str = "",
        rule: str = "",
    ) -> SilenceView:
        """Silence a county, an outlet or a rule for a while; whoever sees one county can silence only in it.

        Raises:
            Incomplete: no author, no reason, or a span that cannot be.
            NotFound: another county.
        """
        at = to_beijing(now)
        silence = Silence(
            county=county or self._desk.county or "",
            outlet=outlet,
            rule=rule,
            starts_at=to_beijing(starts_at) if starts_at is not None else at,
            ends_at=to_beijing(ends_at),
        )
        name, why = checked(silence, by=by, reason=reason, now=at)
        if not self._desk.sees(silence.county):
            raise NotFound(f"there is no county {county!r}")

        def act(session: Session) -> SilenceView:
            row = SilenceRow(
                id=uuid4().hex[:20],
                county=silence.county,
                outlet=outlet,
                rule=rule,
                starts_at=silence.starts_at,
                ends_at=silence.ends_at,
                author=name,
                reason=why,
                created_at=at,
            )
            session.add(row)
            session.flush()
            self._record(session, row, Event(name="silenced", at=at, by=name, reason=why))
            return silence_view(row)

        return transact(self._desk.engine, act)

    def end(self, silence_id: str, *, by: str, reason: str, now: datetime) -> SilenceView:
        """End a silence early; what it held back and still waits is told.

        Raises:
            NotFound: no such silence.
            NotAllowed: it has ended.
            Incomplete: no person, or no reason.
        """
        at, name, why = to_beijing(now), person(by), stated(reason, "ending a silence")

        def act(session: Session) -> SilenceView:
            row = self._found(session, silence_id)
            if self._desk.county is not None and row.county != self._desk.county:
                raise NotAllowed("is for all counties, and cannot be ended by one of them")
            if row.ended_at is not None or row.ends_at <= at:
                raise NotAllowed(f"cannot be ended: it has ended at {(row.ended_at or row.ends_at).isoformat()}")
            row.ended_at = at
            session.flush()
            self._record(session, row, Event(name="silence_ended", at=at, by=name, reason=why))
            return silence_view(row)

        return transact(self._desk.engine, act)

    def _record(self, session: Session, row: SilenceRow, event: Event) -> None:
        content = {
            "outlet": row.outlet,
            "rule": row.rule,
            "starts_at": row.starts_at,
            "ends_at": row.ends_at,
            "ended_at": row.ended_at,
            "author": row.author,
            "reason": row.reason,
        }
        name = self._recorder.name_of(row.outlet or row.county) if row.outlet or row.county else row.rule
        about = Subject(
            kind="silence",
            id=row.id,
            county=row.county,
            name=name,
            state="ended" if row.ended_at is not None else "active",
            level="",
            deadline=None,
            content=content,
        )
        self._recorder.desk(session, about, event, wall=self._wall())

    def _found(self, session: Session, silence_id: str) -> SilenceRow:
        row = session.get(SilenceRow, silence_id)
        if row is None or not (self._desk.sees(row.county) or (row.county == "" and row.outlet == "")):
            raise NotFound(f"there is no silence {silence_id!r}")
        return row


def _silences(row: SilenceRow, alert: AlertView, outlet: str, now: datetime) -> bool:
    silence = silence_of(row)
    return silence.holds(now) and silence.covers(county=alert.county, outlet=outlet, rule=alert.rule)
