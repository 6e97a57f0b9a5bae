"""Accounts as an administrator keeps them. All raise ``NobodyThere`` and ``Unfit``."""

from sqlalchemy.orm import Session

from alerts.transaction import reading, transact
from people import accounts, failures
from people.accounts import NobodyThere
from people.passwords import good_enough, made_up
from people.person import Person
from people.tables import PersonRow
from web.access.noting import Noting


class AccountKeeping(Noting):
    """Accounts: added, changed, let in no more."""

    def everybody(self) -> list[PersonRow]:
        """All accounts, by login."""
        with reading(self.engine) as session:
            return accounts.everybody(session)

    def add(
        self, *, login: str, name: str, role: str, county: str | None, password: str | None, by: str, first: bool = True
    ) -> Person:
        """A new account. ``password`` None: the identity provider's; ``first``: to be replaced at the first log-in."""
        self.in_register(county)
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
            self.note(session, row, "person_added", by=by, now=self.now(), detail=detail)
            return accounts.known_person(row)

        return transact(self.engine, work)

    def change_role(self, person_id: int, *, role: str, county: str | None, by: str) -> None:
        """Another role or county; sessions end."""
        self.in_register(county)

        def work(session: Session) -> None:
            row = accounts.by_id(session, person_id)
            before = {"role": row.role, "county": row.county}
            accounts.change_role(session, row, role=role, county=county, now=self.now())
            detail = {"role": row.role, "county": row.county, "before": before}
            self.note(session, row, "role_changed", by=by, now=self.now(), detail=detail)

        transact(self.engine, work)

    def disable(self, person_id: int, *, by: str) -> None:
        """Let somebody in no more."""

        def work(session: Session) -> None:
            row = accounts.by_id(session, person_id)
            accounts.disable(session, row, now=self.now())
            self.note(session, row, "person_disabled", by=by, now=self.now())

        transact(self.engine, work)

    def enable(self, person_id: int, *, by: str) -> None:
        """Let somebody in again."""

        def work(session: Session) -> None:
            row = accounts.by_id(session, person_id)
            accounts.enable(row)
            self.note(session, row, "person_enabled", by=by, now=self.now())

        transact(self.engine, work)

    def reset(self, person_id: int, *, by: str, password: str | None = None) -> str:
        """A password made up (or given), to be replaced at the next log-in; gives it back, once."""
        with reading(self.engine) as session:
            login = accounts.by_id(session, person_id).login
        new = good_enough(password, login=login) if password is not None else made_up(login=login)
        hashed = self.passwords.hash(new)

        def work(session: Session) -> None:
            row = accounts.by_id(session, person_id)
            accounts.set_password(session, row, password=hashed, must_change=True, now=self.now())
            failures.forgotten(session, row.login)
            self.note(session, row, "password_reset", by=by, now=self.now())

        transact(self.engine, work)
        return new

    def find(self, login: str) -> PersonRow:
        """The account of a name; raises ``NobodyThere``."""
        with reading(self.engine) as session:
            row = accounts.by_login(session, login)
        if row is None:
            raise NobodyThere(f"there is nobody called {login!r}")
        return row
