"""Schemas of the desk's part of ``escalation.yaml``: notices, causes, ladder, work orders, attachments (R17 to R21).

Every section may be left out: then the defaults of ``alerts`` hold, which are those of the shipped file.
"""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from rulebook.schema import Duration, Number, Strict, Text, Texts


class Count(Number):
    """A number of something, none allowed."""

    value: Annotated[int, Field(ge=0, le=100_000)]
    unit: Text


class Bytes(Number):
    """A size."""

    value: Annotated[float, Field(gt=0, le=1000)]
    unit: Literal["kB", "MB"]

    @property
    def bytes(self) -> int:
        """The same in bytes, 1 MB = 1,000,000 bytes."""
        return round(self.value * (1000 if self.unit == "kB" else 1_000_000))


class Grouping(Strict):
    """Notices of one kind from one county become one notice."""

    wait: Duration
    """The first waits this long for others."""
    interval: Duration
    """After a notice the next one of its group follows no sooner; a severe one does not wait for this."""
    listed: Count
    """At most so many subjects are named in one notice; the others are counted."""


class Flapping(Strict):
    """An alert that comes and goes is told later each time."""

    window: Duration
    """Alerts of one subject and rule are counted over this time."""
    free: Count
    """So many in the window are told without delay."""
    first: Duration
    """The next one is told after this time, if it then still lasts; each further one after twice as long."""
    longest: Duration


class Matching(Strict):
    """Which alerts are meant."""

    rules: Texts = ()
    """Empty: all."""
    subject: Literal["outlet", "county"] | None = None
    """What the alert is about; empty: anything."""


class Inhibition(Strict):
    """While one alert lasts, others of its county are not told by themselves."""

    while_: Matching = Field(alias="while")
    silent: Matching


class Cause(Strict):
    """What a verification may name as the cause."""

    id: Annotated[Text, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    zh: Text
    en: Text


def _ids_differ(causes: tuple[Cause, ...]) -> tuple[Cause, ...]:
    ids = [cause.id for cause in causes]
    for id_ in ids:
        if ids.count(id_) > 1:
            raise ValueError(f"each cause once, not {id_!r} again")
    if not causes:
        raise ValueError("at least one entry")
    return causes


Causes = Annotated[tuple[Cause, ...], Field(strict=False), AfterValidator(_ids_differ)]


class LadderTerms(Strict):
    """R18: the enterprise ladder, proposed by the software, taken by a person."""

    steps: Annotated[Texts, Field(min_length=1)]
    livelihood: Annotated[Texts, Field(min_length=1)]
    """The ladder of a supplier that cannot be stopped 民生."""
    grace: Duration
    """What exceeds this long after a step was taken is a reason for the next one."""
    remembered: Duration
    """A step taken longer ago counts no more: the ladder begins anew."""
    decide_within: Duration


class OrderTerms(Strict):
    """运维工单: how long a work order may stay where it is."""

    repair_within: Duration
    """A repair without a due date of its own is due after this time."""
    close_within: Duration
    """What is done is to be looked at and closed within this time."""


class AttachmentTerms(Strict):
    """What may be attached to an alert, a case or a work order."""

    largest: Bytes
    most: Count
    """So many at one thing."""
    media_types: Texts
