"""Marks that were entered here, so that one can be revoked by its id and entered twice without harm."""

from dataclasses import dataclass

from sqlalchemy import Engine, insert, select, update
from sqlalchemy.exc import IntegrityError

from alerts.feed_tables import MarkRow
from contracts.codec import decode, encode
from emissions.event import Mark

_marks = MarkRow.metadata.tables[MarkRow.__tablename__]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One mark as it was entered."""

    mark: Mark
    revocation: Mark | None
    """The line that took it back."""
    in_feed: bool
    """Kafka has acknowledged the newest of the two."""


class MarkBook:
    """The marks of this database. All methods block: call them from a thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def find(self, id_: str) -> Entry | None:
        """One mark by its id."""
        with self._engine.connect() as connection:
            row = connection.execute(select(_marks).where(_marks.c.id == id_)).mappings().one_or_none()
        if row is None:
            return None
        revocation = row["revocation"]
        return Entry(
            mark=_mark(row["line"]),
            revocation=None if revocation is None else _mark(revocation),
            in_feed=bool(row["in_feed"]),
        )

    def enter(self, mark: Mark) -> Entry:
        """Write down a mark before it is sent; gives back what stands under its id, which may be an older one."""
        try:
            with self._engine.begin() as connection:
                connection.execute(
                    insert(_marks).values(id=mark.id, outlet=mark.outlet, line=encode(mark).decode(), in_feed=False)
                )
        except IntegrityError:
            pass  # somebody was faster: what stands is read below
        if (entry := self.find(mark.id)) is None:
            raise LookupError(mark.id)
        return entry

    def revoke(self, revocation: Mark) -> Entry:
        """Write down that a mark is taken back; the first revocation stays."""
        with self._engine.begin() as connection:
            connection.execute(
                update(_marks)
                .where(_marks.c.id == revocation.id, _marks.c.revocation.is_(None))
                .values(revocation=encode(revocation).decode(), in_feed=False)
            )
        if (entry := self.find(revocation.id)) is None:
            raise LookupError(revocation.id)
        return entry

    def sent(self, id_: str) -> None:
        """Kafka has acknowledged the newest line of the mark."""
        with self._engine.begin() as connection:
            connection.execute(update(_marks).where(_marks.c.id == id_).values(in_feed=True))


def _mark(line: str) -> Mark:
    message = decode(line.encode())
    if not isinstance(message, Mark):
        raise TypeError(f"not a mark: {line}")
    return message
