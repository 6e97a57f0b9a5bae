"""What is done about people, each step in one transaction with its line of the audit log. All methods block."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from alerts import audit
from alerts.transaction import reading, transact
from alerts.transition import Event
from people import accounts, failures, sessions, tokens
from people.accounts import NobodyThere
from people.passwords import Passwords, good_enough, made_up
from people.person import Person
from people.roles import Unfit
from people.tables import PersonRow, TokenRow

SESSION_LASTS = timedelta(hours=12)
LOG = "people_events"


class LogInRefused(Exception):
    """Nobody gets in; ``wait`` says how long to wait before the next try."""

    def __init__(self, wait: timedelta = timedelta(0)) -> None:
        super().__init__("the name or the password is wrong" if not wait else f"locked for {wait}")
        self.wait = wait


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """A log-in that went well."""

    person: Person
    key: str
    """What the browser is to hold."""


class PeopleDesk:
    """Accounts, sessions and tokens of one database. Safe to share between threads."""

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

    # -- coming and going -----------------------------------------------------------------------------------------

    def log_in(self, login: str, password: str, *, address: str) -> Entered:
        """Begin a session.

        Raises:
            LogInRefused: name or password is wrong (which of them is never said), or the name is locked for a while.
        """
        now = self.now()
        with reading(self.engine) as session:
            wait = failures.wait_left(session, login, now=now)
            row = accounts.by_login(session, login)
            kept = row.password if row is not None and row.disabled_at is None else None
        if wait:
            raise LogInRefused(wait)
        if not self.passwords.fits(kept, password):
            transact(self.engine, lambda s: self._failed(s, login, row, address, now))
            raise LogInRefused
        fresh = self.passwords.hash(password) if kept and self.passwords.outdated(kept) else None

        def enter(session: Session) -> Entered:
            known = accounts.by_login(session, login)
            if known is None or known.disabled_at is not None or known.password != kept:
                raise LogInRefused
            known.password = fresh or known.password
            failures.forgotten(session, login)
            return self._enter(session, known, address, now, how="password")

        return transact(self.engine, enter)

    def log_in_by_provider(self, *, issuer: str, subject: str, login: str, address: str) -> Entered:
        """Begin a session for somebody the bureau's identity provider vouches for.

        The account is one of that name without a password, tied to the provider's own number at the first time.

        Raises:
            LogInRefused: there is no such account, or it is tied to another.
        """
        now = self.now()

        def enter(session: Session) -> Entered | None:
            row = accounts.by_provider(session, issuer=issuer, subject=subject)
            if row is None:
                row = accounts.by_login(session, login)
                if row is None or row.password is not None or row.oidc_subject is not None:
                    self._failed(session, login, None, address, now)
                    return None
                row.oidc_issuer, row.oidc_subject = issuer, subject
            if row.disabled_at is not None:
                self._failed(session, login, row, address, now)
                return None
            return self._enter(session, row, address, now, how="provider")

        entered = transact(self.engine, enter)
        if entered is None:
            raise LogInRefused
        return entered

    def _enter(self, session: Session, row: PersonRow, address: str, now: datetime, *, how: str) -> Entered:
        key = sessions.begin(session, row, address=address, lasts=self.session_lasts, now=now)
        person = accounts.known_person(row)
        self._note(session, row, "logged_in", by=person.by, now=now, detail={"address": address, "how": how})
        return Entered(person=person, key=key)

    def _failed(self, session: Session, login: str, row: PersonRow | None, address: str, now: datetime) -> None:
        count = failures.failed(session, login, now=now)
        by = row.login if row is not None else "nobody"
        self._note(session, row, "log_in_failed", by=by, now=now, detail={"address": address, "in_a_row": count})

    def person_of_session(self, key: str) -> Person | None:
        """Who holds this key now."""
        with reading(self.engine) as session:
            return sessions.person_of(session, key, now=self.now())

    def person_of_token(self, text: str) -> Person | None:
        """Who asks by this token."""
        if not text.startswith(tokens.PREFIX):
            return None
        with reading(self.engine) as session:
            found = tokens.person_of(session, text, now=self.now())
        return None if found is None else found[1]

    def log_out(self, key: str, person: Person) -> None:
        """End one session."""

        def leave(session: Session) -> None:
            sessions.end(session, key, now=self.now())
            self._note(session, self._row(session, person), "logged_out", by=person.by, now=self.now())

        transact(self.engine, leave)

    # -- one's own ------------------------------------------------------------------------------------------------

    def change_password(self, person: Person, *, old: str, new: str, address: str) -> Entered:
        """Another password for oneself; every session ends, and a new one begins.

        Raises:
            Unfit: the old one is wrong, or the new one cannot be used.
            LogInRefused: too many wrong ones.
        """
        now = self.now()
        with reading(self.engine) as session:
            wait = failures.wait_left(session, person.login, now=now)
            kept = self._row(session, person).password
        if wait:
            raise LogInRefused(wait)
        if not self.passwords.fits(kept, old):
            transact(self.engine, lambda s: self._failed(s, person.login, self._row(s, person), address, now))
            raise Unfit("the present password is wrong", "present_wrong")
        if old == new:
            raise Unfit("the new password is the old one", "same")
        hashed = self.passwords.hash(good_enough(new, login=person.login))

        def change(session: Session) -> Entered:
            row = self._row(session, person)
            accounts.set_password(session, row, password=hashed, must_change=False, now=now)
            failures.forgotten(session, person.login)
            self._note(session, row, "password_changed", by=person.by, now=now)
            return self._enter(session, row, address, now, how="password changed")

        return transact(self.engine, change)

    def choose_language(self, person: Person, language: str) -> None:
        """The language that pages begin with."""

        def change(session: Session) -> None:
            self._row(session, person).language = language

        transact(self.engine, change)

    # -- accounts -------------------------------------------------------------------------------------------------
    # All raise NobodyThere and Unfit.

    def everybody(self) -> list[PersonRow]:
        """All accounts, by login."""
        with reading(self.engine) as session:
            return accounts.everybody(session)

    def add(
        self, *, login: str, name: str, role: str, county: str | None, password: str | None, by: str, first: bool = True
    ) -> Person:
        """A new account. ``password`` None: the identity provider's; ``first``: to be replaced at the first log-in."""
        self._in_register(county)
        kept = None if password is None else self.passwords.hash(good_enough(password, login=login.strip()))

        def work(session: Session) -> Person:
            row = accounts.add(
                session,
                login=login,
                name=name,
                role=role,
                county=county,
                password=kept,
                must_change=first and kept is not None,
                by=by,
                now=self.now(),
            )
            detail = {"role": row.role, "county": row.county}
            self._note(session, row, "person_added", by=by, now=self.now(), detail=detail)
            return accounts.known_person(row)

        return transact(self.engine, work)

    def change_role(self, person_id: int, *, role: str, county: str | None, by: str) -> None:
        """Another role or county; sessions end."""
        self._in_register(county)

        def work(session: Session) -> None:
            row = accounts.by_id(session, person_id)
            before = {"role": row.role, "county": row.county}
            accounts.change_role(session, row, role=role, county=county, now=self.now())
            detail = {"role": row.role, "county": row.county, "before": before}
            self._note(session, row, "role_changed", by=by, now=self.now(), detail=detail)

        transact(self.engine, work)

    def disable(self, person_id: int, *, by: str) -> None:
        """Let somebody in no more."""

        def work(session: Session) -> None:
            row = accounts.by_id(session, person_id)
            accounts.disable(session, row, now=self.now())
            self._note(session, row, "person_disabled", by=by, now=self.now())

        transact(self.engine, work)

    def enable(self, person_id: int, *, by: str) -> None:
        """Let somebody in again."""

        def work(session: Session) -> None:
            row = accounts.by_id(session, person_id)
            accounts.enable(row)
            self._note(session, row, "person_enabled", by=by, now=self.now())

        transact(self.engine, work)

    def reset(self, person_id: int, *, by: str, password: str | None = None) -> str:
        """A password made up (or given), to be replaced at the next log-in; gives it back, once."""
        with reading(self.engine) as session:
            login = accounts.by_id(session, person_id).login
        new = good_enough(password, login=login) if password is not None else made_up()
        hashed = self.passwords.hash(new)

        def work(session: Session) -> None:
            row = accounts.by_id(session, person_id)
            accounts.set_password(session, row, password=hashed, must_change=True, now=self.now())
            failures.forgotten(session, row.login)
            self._note(session, row, "password_reset", by=by, now=self.now())

        transact(self.engine, work)
        return new

    def find(self, login: str) -> PersonRow:
        """The account of a name; raises ``NobodyThere``."""
        with reading(self.engine) as session:
            row = accounts.by_login(session, login)
        if row is None:
            raise NobodyThere(f"there is nobody called {login!r}")
        return row

    # -- tokens ---------------------------------------------------------------------------------------------------

    def issue_token(
        self, *, name: str, role: str, county: str | None, lasts: timedelta, by: str, owner: Person | None = None
    ) -> str:
        """A new token, whose text is handed out here and never again. Raises ``Unfit``."""
        self._in_register(county)

        def work(session: Session) -> str:
            row = None if owner is None else self._row(session, owner)
            text, token = tokens.issue(
                session, name=name, role=role, county=county, lasts=lasts, by=by, now=self.now(), owner=row
            )
            detail = {"token": token.id, "name": token.name, "role": token.role, "county": token.county}
            self._note(session, row, "token_issued", by=by, now=self.now(), detail=detail)
            return text

        return transact(self.engine, work)

    def tokens(self, owner: Person | None = None) -> list[TokenRow]:
        """Tokens that count: all, or somebody's own."""
        with reading(self.engine) as session:
            return tokens.listed(session, owner=None if owner is None else owner.id)

    def revoke_token(self, token_id: int, *, by: str, owner: Person | None = None) -> None:
        """Take a token back; ``owner``: only if it is theirs. Raises ``tokens.NoSuchToken``."""

        def work(session: Session) -> None:
            token = tokens.revoke(session, token_id, now=self.now(), owner=None if owner is None else owner.id)
            row = None if token.person_id is None else accounts.by_id(session, token.person_id)
            detail = {"token": token.id, "name": token.name}
            self._note(session, row, "token_revoked", by=by, now=self.now(), detail=detail)

        transact(self.engine, work)

    # -- the log --------------------------------------------------------------------------------------------------

    def note_write(self, person: Person, *, method: str, path: str, status: int, address: str) -> None:
        """That somebody has changed something over the interface or by a form."""
        detail = {"method": method, "path": path[:300], "status": status, "address": address}

        def work(session: Session) -> None:
            row = None if person.id is None else accounts.by_id(session, person.id)
            self._note(session, row, "wrote", by=person.by, now=self.now(), detail=detail)

        transact(self.engine, work)

    def _note(
        self,
        session: Session,
        about: PersonRow | None,
        name: str,
        *,
        by: str,
        now: datetime,
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        event = Event(name=name, at=now, by=by, reason="", detail=detail or {})
        subject = f"person:{about.id}" if about is not None else "nobody"
        audit.append(session, LOG, subject_id=subject, event=event, digest=None)

    def _row(self, session: Session, person: Person) -> PersonRow:
        if person.id is None:
            raise NobodyThere(f"{person.login} is no person")
        return accounts.by_id(session, person.id)

    def _in_register(self, county: str | None) -> None:
        if county and self._counties is not None and county.strip() not in self._counties:
            raise Unfit(f"there is no county {county!r} in the register", "no_county", county=county)
