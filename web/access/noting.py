"""What every step about people has: the database, the real clock, and a line in the audit log in its transaction."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from alerts import audit
from alerts.database import PeopleEventRow
from alerts.transaction import reading, transact
from alerts.transition import Event
from alerts.views import EventView, event_view
from people import accounts
from people.accounts import NobodyThere
from people.passwords import Passwords
from people.person import Person
from people.roles import Unfit
from people.tables import PersonRow

SESSION_LASTS = timedelta(hours=12)
LOG = "people_events"


class Noting:
    """One database's people, and the log of what is done about them."""

    def __init__(
        self,
        engine: Engine,
        *,
        counties: frozenset[str] | None = None,
        passwords: Passwords | None = None,
        session_lasts: timedelta = SESSION_LASTS,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """``counties``: codes that a role may be held for; None: any. ``wall``: the real clock, never a faster one."""
        self.engine = engine
        self.passwords = passwords or Passwords()
        self.session_lasts = session_lasts
        self.now = wall
        self._counties = counties

    def latest(self, count: int) -> list[EventView]:
        """The newest lines of the log of people, the newest first."""
        newest = select(PeopleEventRow).order_by(PeopleEventRow.sequence.desc()).limit(count)
        with reading(self.engine) as session:
            return [event_view(row) for row in session.scalars(newest)]

    def note_write(self, person: Person, *, method: str, path: str, status: int, address: str) -> None:
        """That somebody has changed something over the interface or by a form."""
        detail = {"method": method, "path": path[:300], "status": status, "address": address}

        def work(session: Session) -> None:
            row = None if person.id is None else accounts.by_id(session, person.id)
            self.note(session, row, "wrote", by=person.by, now=self.now(), detail=detail)

        transact(self.engine, work)

    def note(
        self,
        session: Session,
        about: PersonRow | None,
        name: str,
        *,
        by: str,
        now: datetime,
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        """Add one line to the log, in the transaction of what it tells."""
        event = Event(name=name, at=now, by=by, reason="", detail=detail or {})
        subject = f"person:{about.id}" if about is not None else "nobody"
        audit.append(session, LOG, subject_id=subject, event=event)

    def row(self, session: Session, person: Person) -> PersonRow:
        """The account of somebody who asks in person. Raises ``NobodyThere`` for a machine."""
        if person.id is None:
            raise NobodyThere(f"{person.login} is no person")
        return accounts.by_id(session, person.id)

    def in_register(self, county: str | None) -> None:
        """Raise ``Unfit`` for a county that the register does not have."""
        if county and self._counties is not None and county.strip() not in self._counties:
            raise Unfit(f"there is no county {county!r} in the register", "no_county", county=county)
