"""Coming and going: by password, by the bureau's identity provider, by token; and one's own password."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from alerts.transaction import reading, transact
from people import accounts, failures, sessions, tokens
from people.passwords import good_enough
from people.person import Person
from people.roles import Unfit
from people.tables import PersonRow
from web.access.noting import Noting


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


class LogIns(Noting):
    """Who comes in, and how they stay."""

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
        self.note(session, row, "logged_in", by=person.by, now=now, detail={"address": address, "how": how})
        return Entered(person=person, key=key)

    def _failed(self, session: Session, login: str, row: PersonRow | None, address: str, now: datetime) -> None:
        count = failures.failed(session, login, now=now)
        by = row.login if row is not None else "nobody"
        self.note(session, row, "log_in_failed", by=by, now=now, detail={"address": address, "in_a_row": count})

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
            self.note(session, self.row(session, person), "logged_out", by=person.by, now=self.now())

        transact(self.engine, leave)

    def change_password(self, person: Person, *, old: str, new: str, address: str) -> Entered:
        """Another password for oneself; every session ends, and a new one begins.

        Raises:
            Unfit: the old one is wrong, or the new one cannot be used.
            LogInRefused: too many wrong ones.
        """
        now = self.now()
        with reading(self.engine) as session:
            wait = failures.wait_left(session, person.login, now=now)
            kept = self.row(session, person).password
        if wait:
            raise LogInRefused(wait)
        if not self.passwords.fits(kept, old):
            transact(self.engine, lambda s: self._failed(s, person.login, self.row(s, person), address, now))
            raise Unfit("the present password is wrong", "present_wrong")
        if old == new:
            raise Unfit("the new password is the old one", "same")
        hashed = self.passwords.hash(good_enough(new, login=person.login))

        def change(session: Session) -> Entered:
            row = self.row(session, person)
            accounts.set_password(session, row, password=hashed, must_change=False, now=now)
            failures.forgotten(session, person.login)
            self.note(session, row, "password_changed", by=person.by, now=now)
            return self._enter(session, row, address, now, how="password changed")

        return transact(self.engine, change)

    def choose_language(self, person: Person, language: str) -> None:
        """The language that pages begin with."""

        def change(session: Session) -> None:
            self.row(session, person).language = language

        transact(self.engine, change)
