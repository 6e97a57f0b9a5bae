"""A column for moments, the same in every table and engine."""

from datetime import UTC, datetime

from sqlalchemy import DateTime, Dialect, TypeDecorator

from emissions.beijing import to_beijing, utc


class Moment(TypeDecorator[datetime]):
    """A moment with its zone: stored in UTC, handed out in Beijing time. Refuses one that has no zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To UTC; SQLite keeps no zone, so none is written there."""
        if value is None:
            return None
        return utc(value).replace(tzinfo=None) if dialect.name == "sqlite" else utc(value)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To Beijing time."""
        if value is None:
            return None
        return to_beijing(value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value)
