"""The alert database: its tables, how it is opened, and how its schema is brought up to date."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import alembic.command
import alembic.config
from pydantic import SecretStr
from sqlalchemy import (
    JSON,
    URL,
    BigInteger,
    Connection,
    Engine,
    ForeignKey,
    Index,
    Text,
    UniqueConstraint,
    create_engine,
    event,
    make_url,
    select,
    text,
)
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from stores.moment import Moment


class DatabaseUnavailable(Exception):
    """Later: the database cannot be reached or is overloaded; the same may work after a while."""


class Base(DeclarativeBase):
    """All tables of the alert database."""

    type_annotation_map = {datetime: Moment(), str: Text(), Mapping[str, Any]: JSON()}  # noqa: RUF012 - SQLAlchemy's own convention


class AlertRow(Base):
    """One alert: the finding as last seen, and where people are with it. Its id is the finding's."""

    __tablename__ = "alerts"

    id: Mapped[str] = mapped_column(primary_key=True)
    rule: Mapped[str]
    subject: Mapped[Mapping[str, Any]]
    subject_name: Mapped[str]
    county: Mapped[str] = mapped_column(index=True)
    severity: Mapped[str]
    started_at: Mapped[datetime]
    ended_by_data: Mapped[datetime | None]
    known_at: Mapped[datetime]
    evidence: Mapped[Mapping[str, Any]]
    revision: Mapped[int] = mapped_column(BigInteger, default=0)
    """That of the finding as last seen, see ``emissions.finding``."""
    raised_at: Mapped[datetime] = mapped_column(index=True)
    state: Mapped[str] = mapped_column(index=True)
    state_detail: Mapped[Mapping[str, Any]]
    level: Mapped[str]
    deadline: Mapped[datetime | None] = mapped_column(index=True)
    assignee: Mapped[str] = mapped_column(default="")
    key: Mapped[str] = mapped_column(index=True, default="")
    """Rule, subject and pollutant: the same for every episode of the same thing."""
    calmer: Mapped[str | None]
    """The lower severity that the data show now, while the alert's own is held."""
    calmer_since: Mapped[datetime | None]
    review_at: Mapped[datetime | None] = mapped_column(index=True)
    """When its severity is to be lowered."""
    last_event: Mapped[int] = mapped_column(default=0)
    """Line of the audit log that last changed it."""
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own convention


class CaseRow(Base):
    """One supervision case of a county."""

    __tablename__ = "cases"

    id: Mapped[str] = mapped_column(primary_key=True)
    county: Mapped[str] = mapped_column(index=True)
    county_name: Mapped[str]
    trigger: Mapped[str]
    opened_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(index=True)
    state_detail: Mapped[Mapping[str, Any]]
    measure: Mapped[str]
    deadline: Mapped[datetime | None] = mapped_column(index=True)
    last_event: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own convention


Index(
    "one_open_case",
    CaseRow.county,
    CaseRow.trigger,
    unique=True,
    sqlite_where=CaseRow.state != "cleared",
    postgresql_where=CaseRow.state != "cleared",
)


class EvidenceRow(Base):
    """What one month adds to a case. A month belongs to one case of its county and trigger."""

    __tablename__ = "case_evidence"
    __table_args__ = (UniqueConstraint("county", "trigger", "period"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    county: Mapped[str]
    trigger: Mapped[str]
    period: Mapped[str]
    evidence: Mapped[Mapping[str, Any]]
    revision: Mapped[int] = mapped_column(BigInteger, default=0)
    """That of the case line that said it."""
    updated_at: Mapped[datetime]


class AuditLine(Base):
    """One line of an audit log. Only ever added; ``hash`` covers this line and all before it."""

    __abstract__ = True

    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    subject_id: Mapped[str]
    name: Mapped[str]
    at: Mapped[datetime]
    by: Mapped[str]
    reason: Mapped[str]
    detail: Mapped[str]
    """Canonical JSON, as it was hashed."""
    digest: Mapped[str | None]
    """Of the line that caused it, where version 0.1 wrote this one; part of what was hashed."""
    hash: Mapped[str]


class AlertEventRow(AuditLine):
    """What happened to alerts."""

    __tablename__ = "alert_events"
    __table_args__ = (UniqueConstraint("subject_id", "digest"),)

    subject_id: Mapped[str] = mapped_column(ForeignKey("alerts.id"), index=True)


class CaseEventRow(AuditLine):
    """What happened to cases."""

    __tablename__ = "case_events"
    __table_args__ = (UniqueConstraint("subject_id", "digest"),)

    subject_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)


class PeopleEventRow(AuditLine):
    """What people did that is about no alert and no case: log-ins, rights, tokens, writes over the interface."""

    __tablename__ = "people_events"

    subject_id: Mapped[str] = mapped_column(index=True)


class ChainRow(Base):
    """How far an audit log has come: its length and last hash. Locked by whoever is about to write."""

    __tablename__ = "audit_chains"

    name: Mapped[str] = mapped_column(primary_key=True)
    length: Mapped[int]
    hash: Mapped[str]


class OutboxRow(Base):
    """Something to be sent, written in the transaction that made it, sent afterwards at least once."""

    __tablename__ = "outbox"
    __table_args__ = (Index("outbox_waiting", "destination", "settled", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    dedupe_key: Mapped[str] = mapped_column(unique=True)
    destination: Mapped[str]
    """``kafka``, ``mqtt`` or ``channel:<name>``."""
    address: Mapped[str]
    """Key in Kafka, topic in MQTT, county for a channel."""
    payload: Mapped[str]
    created_at: Mapped[datetime]
    attempts: Mapped[int]
    next_attempt_at: Mapped[datetime]
    """Real time, never the accelerated one: networks do not run faster."""
    settled: Mapped[str]
    """``waiting``, ``sent`` or ``given_up``."""


class AttemptRow(Base):
    """One attempt to send one line of the outbox."""

    __tablename__ = "outbox_attempts"

    id: Mapped[int] = mapped_column(primary_key=True)
    outbox_id: Mapped[int] = mapped_column(ForeignKey("outbox.id"), index=True)
    at: Mapped[datetime]
    delivered: Mapped[bool]
    error: Mapped[str]


def address_of(url: str, *, password: SecretStr | None = None) -> URL:
    """The address of a database as people write it, ``postgresql://`` meaning PostgreSQL through psycopg.

    Raises:
        ValueError: it is no SQLAlchemy URL, or of an engine that is not supported.
    """
    try:
        address = make_url(url)
    except ArgumentError as error:
        raise ValueError(f"the database's address: {error}") from error
    if address.drivername in {"postgresql", "postgres"}:
        address = address.set(drivername="postgresql+psycopg")
    if address.get_backend_name() not in {"sqlite", "postgresql"}:
        raise ValueError(f"database {address.get_backend_name()!r} is not supported: sqlite or postgresql")
    return address if password is None else address.set(password=password.get_secret_value())


def open_database(url: str | URL) -> Engine:
    """An engine for the address: SQLite with a write-ahead log, or PostgreSQL.

    A transaction that will write is begun with ``writing``; all others only read and never wait for a writer.

    Raises:
        ValueError: see ``address_of``.
    """
    address = address_of(url) if isinstance(url, str) else url
    if address.get_backend_name() != "sqlite":
        return create_engine(address, pool_pre_ping=True)
    if address.database and address.database != ":memory:":
        Path(address.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(address, connect_args={"timeout": 30})

    @event.listens_for(engine, "connect")
    def connected(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # transactions are begun below, not by the driver
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def prepare(url: str, *, password: SecretStr | None = None) -> Engine:
    """An engine for a database whose schema has been brought up to date; raises as ``upgrade``."""
    address = address_of(url, password=password)
    upgrade(address)
    return open_database(address)


@contextmanager
def writing(engine: Engine) -> Iterator[Session]:
    """One transaction that writes, committed at its end. Writers go one after the other, in every process.

    The lock is taken first, so what is read inside is what is written upon, and two writers never deadlock.
    """
    with Session(engine.execution_options(writes=True), expire_on_commit=False) as session, session.begin():
        session.scalars(select(ChainRow).order_by(ChainRow.name).with_for_update()).all()
        yield session


def upgrade(url: str | URL, revision: str = "head") -> None:
    """Bring the schema up to date, or to a revision. Several processes may do so at once.

    Raises:
        DatabaseUnavailable: it cannot be reached.
        ValueError: see ``address_of``.
    """
    engine = open_database(url)
    try:
        with engine.execution_options(writes=True).begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _UPGRADE_LOCK})
            config = alembic.config.Config()
            config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
            config.attributes["connection"] = connection
            alembic.command.upgrade(config, revision)
    except DBAPIError as error:
        raise DatabaseUnavailable(f"database {engine.url!r}: {error.orig}") from error
    finally:
        engine.dispose()


_UPGRADE_LOCK = 5_347_119  # any number that nothing else in the database uses
