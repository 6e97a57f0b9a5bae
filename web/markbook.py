"""Marks that were entered here, so that one can be revoked by its id and entered twice without harm."""

import copy
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from sqlalchemy import Engine, RowMapping, insert, select, update
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


class IdTaken(LookupError):
    """The id belongs to a mark that whoever asks may not see."""


class MarkBook:
    """The marks of this database. All methods block: call them from a thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._outlets: frozenset[str] | None = None

    def of_outlets(self, outlets: frozenset[str]) -> Self:
        """The same book for somebody who may see marks of these outlets only."""
        narrowed = copy.copy(self)
        narrowed._outlets = outlets
        return narrowed

    def find(self, id_: str) -> Entry | None:
        """One mark by its id; None where there is none, or none of an outlet that is seen."""
        with self._engine.connect() as connection:
            row = connection.execute(select(_marks).where(_marks.c.id == id_)).mappings().one_or_none()
        if row is None or (self._outlets is not None and row["outlet"] not in self._outlets):
            return None
        return _entry(row)

    def standing(self, outlet: str, *, start: datetime, end: datetime) -> list[Mark]:
        """Marks of an outlet that touch [start, end) and have not been taken back, by their beginning."""
        return sorted(
            (
                e.mark
                for e in self.listed(outlet=outlet)
                if e.revocation is None and e.mark.from_ < end and e.mark.to > start
            ),
            key=lambda mark: (mark.from_, mark.id),
        )

    def listed(self, *, outlet: str | None = None) -> list[Entry]:
        """All marks of the outlets that are seen, or of one of them; the one entered last first."""
        query = select(_marks) if outlet is None else select(_marks).where(_marks.c.outlet == outlet)
        with self._engine.connect() as connection:
            rows = connection.execute(query).mappings().all()
        seen = [_entry(row) for row in rows if self._outlets is None or row["outlet"] in self._outlets]
        return sorted(seen, key=lambda entry: (entry.mark.entered_at, entry.mark.id), reverse=True)

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
            raise IdTaken(mark.id)
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


def _entry(row: RowMapping) -> Entry:
    revocation = row["revocation"]
    return Entry(
        mark=_mark(row["line"]),
        revocation=None if revocation is None else _mark(revocation),
        in_feed=bool(row["in_feed"]),
    )


def _mark(line: str) -> Mark:
    message = decode(line.encode())
    if not isinstance(message, Mark):
        raise TypeError(f"not a mark: {line}")
    return message
