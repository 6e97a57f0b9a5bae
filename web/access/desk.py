"""What is done about people, each step in one transaction with its line of the audit log. All methods block."""

from datetime import timedelta

from sqlalchemy.orm import Session

from alerts.transaction import reading, transact
from people import accounts, tokens
from people.person import Person
from people.tables import TokenRow
from web.access.account_keeping import AccountKeeping
from web.access.log_ins import Entered, LogInRefused, LogIns
from web.access.noting import SESSION_LASTS

__all__ = ["SESSION_LASTS", "Entered", "LogInRefused", "PeopleDesk"]


class PeopleDesk(LogIns, AccountKeeping):
    """Accounts, sessions and tokens of one database. Safe to share between threads."""

    def issue_token(
        self, *, name: str, role: str, county: str | None, lasts: timedelta, by: str, owner: Person | None = None
    ) -> str:
        """A new token, whose text is handed out here and never again. Raises ``Unfit``."""
        self.in_register(county)

        def work(session: Session) -> str:
            row = None if owner is None else self.row(session, owner)
            text, token = tokens.issue(
                session, name=name, role=role, county=county, lasts=lasts, by=by, now=self.now(), owner=row
            )
            detail = {"token": token.id, "name": token.name, "role": token.role, "county": token.county}
            self.note(session, row, "token_issued", by=by, now=self.now(), detail=detail)
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
            self.note(session, row, "token_revoked", by=by, now=self.now(), detail=detail)

        transact(self.engine, work)
