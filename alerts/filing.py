"""Files that people attach to alerts, cases and work orders."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import uuid4

from sqlalchemy import func, select
from sqlalchemy.orm import Session, undefer

from alerts import cases, lifecycle, work_orders
from alerts.attachments import File, Folder, examined
from alerts.database import AlertRow, CaseRow
from alerts.desk_tables import AttachmentRow
from alerts.desk_views import AttachmentView, attachment_view
from alerts.ordering import WorkOrders, order_of, record
from alerts.queries import NotFound, Reader
from alerts.recording import Recorder, alert_of, case_of
from alerts.transaction import reading, transact
from alerts.transition import Incomplete
from emissions.beijing import to_beijing

Kind = Literal["alert", "case", "work_order"]


class Gone(LookupError):
    """The file is listed, but its content is not where it was put."""


@dataclass(frozen=True, slots=True)
class Content:
    """A file to be handed out."""

    about: AttachmentView
    content: bytes


class Files:
    """What people attach; each file is one event of what it is attached to, with its hash in the audit log."""

    def __init__(
        self,
        desk: Reader,
        orders: WorkOrders,
        recorder: Recorder,
        wall: Callable[[], datetime],
        folder: Folder | None = None,
    ) -> None:
        """``folder``: where contents are kept; None: in the database."""
        self._desk = desk
        self._orders = orders
        self._recorder = recorder
        self._wall = wall
        self._folder = folder

    def all(self, kind: Kind, id_: str) -> list[AttachmentView]:
        """Files of one thing, oldest first; raises ``NotFound``."""
        query = select(AttachmentRow).where(AttachmentRow.subject == f"{kind}:{id_}")
        with reading(self._desk.engine) as session:
            self._seen(session, kind, id_)
            rows = session.scalars(query.order_by(AttachmentRow.added_at, AttachmentRow.id))
            return [attachment_view(row) for row in rows]

    def one(self, kind: Kind, id_: str, file_id: str) -> Content:
        """One file with its content.

        Raises:
            NotFound: no such file there.
            Gone: its content is lost.
        """
        with reading(self._desk.engine) as session:
            self._seen(session, kind, id_)
            row = session.get(AttachmentRow, file_id, options=[undefer(AttachmentRow.content)])
            if row is None or row.subject != f"{kind}:{id_}":
                raise NotFound(f"there is no file {file_id!r}")
            about, content = attachment_view(row), row.content
        if content is None:
            content = self._from_folder(about)
        return Content(about, content)

    def _from_folder(self, about: AttachmentView) -> bytes:
        if self._folder is None:
            raise Gone(f"{about.name!r} is kept in a folder, and this process has none")
        try:
            return self._folder.get(about.sha256)
        except OSError as error:
            raise Gone(f"{about.name!r} cannot be read: {error.strerror}") from error

    def add(
        self,
        kind: Kind,
        id_: str,
        *,
        name: str,
        media_type: str,
        content: bytes,
        by: str,
        now: datetime,
        note: str = "",
    ) -> AttachmentView:
        """Attach a file.

        Raises:
            NotFound: nothing to attach it to.
            Incomplete: no person, or a file that the rulebook does not allow (``TooLarge``).
            OSError: the folder does not take it.
        """
        limits = self._recorder.policy.attachments
        file = examined(name, media_type, content, limits)
        at = to_beijing(now)
        if self._folder is not None:
            self._folder.put(file)

        def act(session: Session) -> AttachmentView:
            subject = f"{kind}:{id_}"
            row = self._row(file, subject, by=by.strip(), at=at)
            detail = {"file": row.id, "name": file.name, "size": row.size, "sha256": row.sha256}
            self._attach(session, kind, id_, by=by, note=note, detail=detail, at=at)
            count = select(func.count()).where(AttachmentRow.subject == subject)
            if session.scalars(count).one() >= limits.most:
                raise Incomplete(f"there are {limits.most} files already")
            session.add(row)
            session.flush()
            return attachment_view(row)

        return transact(self._desk.engine, act)

    def _row(self, file: File, subject: str, *, by: str, at: datetime) -> AttachmentRow:
        return AttachmentRow(
            id=uuid4().hex,
            subject=subject,
            name=file.name,
            media_type=file.media_type,
            size=len(file.content),
            sha256=file.sha256,
            content=file.content if self._folder is None else None,
            added_by=by,
            added_at=at,
        )

    def _attach(
        self, session: Session, kind: Kind, id_: str, *, by: str, note: str, detail: dict[str, object], at: datetime
    ) -> None:
        wall, recorder = self._wall(), self._recorder
        match kind:
            case "alert":
                alert = self._desk.found(session, AlertRow, id_)
                terms = recorder.policy.terms
                step = lifecycle.attach(alert_of(alert), by=by, note=note, file=detail, at=at, terms=terms)
                recorder.alert(session, alert, step, wall=wall)
            case "case":
                case = self._desk.found(session, CaseRow, id_)
                moved = cases.attach(case_of(case), by=by, note=note, file=detail, at=at)
                recorder.case(session, case, moved, wall=wall)
            case "work_order":
                order = self._orders.found(session, id_)
                done = work_orders.attach(order_of(order), by=by, note=note, file=detail, at=at)
                record(session, recorder, order, done, wall=wall)

    def _seen(self, session: Session, kind: Kind, id_: str) -> None:
        match kind:
            case "alert":
                self._desk.found(session, AlertRow, id_)
            case "case":
                self._desk.found(session, CaseRow, id_)
            case "work_order":
                self._orders.found(session, id_)
