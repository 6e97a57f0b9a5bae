"""A moment on the command line."""

from datetime import datetime

import click

from emissions.beijing import BEIJING


class Moment(click.ParamType):
    """ISO 8601; a moment without an offset is Beijing time, a bare date its midnight."""

    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """The moment, or a usage error that shows what is expected."""
        if isinstance(value, datetime):
            return value
        try:
            moment = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is not a time such as 2026-12-05T00:00:00+08:00", param, ctx)
        return moment if moment.tzinfo is not None else moment.replace(tzinfo=BEIJING)
