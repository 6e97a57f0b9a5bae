"""A case's lines of the audit log, each with what is needed to seal it again: its fields and the hash before it."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from alerts.audit import START
from alerts.database import CaseEventRow, DatabaseUnavailable
from emissions.beijing import utc


def audit_extract(engine: Engine, case_id: str) -> list[dict[str, Any]]:
    """The lines, oldest first. Raises ``DatabaseUnavailable``.

    Lines of other cases stand between them and are not told; of the line before each only its hash is.
    """
    try:
        with Session(engine) as session:
            return list(_lines(session, case_id))
    except DBAPIError as error:
        raise DatabaseUnavailable(str(error.orig)) from error


def _lines(session: Session, case_id: str) -> Iterator[dict[str, Any]]:
    own = select(CaseEventRow).where(CaseEventRow.subject_id == case_id).order_by(CaseEventRow.sequence)
    rows = session.scalars(own).all()
    before = {row.sequence - 1 for row in rows}
    known = select(CaseEventRow.sequence, CaseEventRow.hash).where(CaseEventRow.sequence.in_(before))
    hashes = {0: START} | {sequence: hash_ for sequence, hash_ in session.execute(known)}  # noqa: C416 - rows are no pairs
    for row in rows:
        yield {
            "sequence": row.sequence,
            "subject_id": row.subject_id,
            "name": row.name,
            "at": utc(row.at).isoformat(timespec="microseconds"),
            "by": row.by,
            "reason": row.reason,
            "detail": row.detail,
            "digest": row.digest,
            "previous": hashes.get(row.sequence - 1),
            "hash": row.hash,
        }
