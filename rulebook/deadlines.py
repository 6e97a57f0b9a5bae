"""Schema of ``escalation.yaml``: within which times people must act, and who is told when they do not (R17, R19)."""

from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, Field

from rulebook.desk import AttachmentTerms, Causes, Flapping, Grouping, Inhibition, LadderTerms, OrderTerms
from rulebook.schema import Duration, Strict, Texts


def _not_empty(values: tuple[str, ...]) -> tuple[str, ...]:
    if not values:
        raise ValueError("at least one entry")
    return values


Ladder = Annotated[Texts, AfterValidator(_not_empty)]
"""Steps from the first to the last."""


class AlertTerms(Strict):
    """R19: how long an alert may stay where it is."""

    acknowledge_severe_within: Duration
    acknowledge_within: Duration
    acknowledgement_lasts: Duration
    """An acknowledgement expires when no verification follows for this long."""
    rectify_within: Duration
    close_within: Duration
    remind_every: Duration
    """A deadline missed at the top of the ladder is repeated at this interval."""


class CaseTerms(Strict):
    """R17: how long a case may stay in each state."""

    opened: Duration
    rectifying: Duration
    clearance_requested: Duration
    verifying: Duration


class SeverityTerms(Strict):
    """How an alert's severity follows its data."""

    lower_after: Duration
    """Less severe only when the data have been lower for this long."""


class Escalation(Strict):
    """The whole file."""

    levels: Ladder
    """Who answers for an alert, from the first to the last."""
    alerts: AlertTerms
    cases: CaseTerms
    case_measures: Ladder
    """What a county gets for missed deadlines of a case, in this order; the first is nothing yet."""
    severity: SeverityTerms | None = None
    """This and all that follows may be left out; then the defaults of the desk hold."""
    causes: Causes | None = None
    grouping: Grouping | None = None
    flapping: Flapping | None = None
    inhibitions: Annotated[tuple[Inhibition, ...], Field(strict=False)] | None = None
    ladder: LadderTerms | None = None
    work_orders: OrderTerms | None = None
    attachments: AttachmentTerms | None = None

    def acknowledge_within(self, severity: str) -> timedelta:
        """Time to acknowledge an alert of this severity."""
        terms = self.alerts
        return (terms.acknowledge_severe_within if severity == "severe" else terms.acknowledge_within).span

    def case_within(self) -> dict[str, timedelta]:
        """Time in each state of a case, by its name."""
        return {
            "opened": self.cases.opened.span,
            "rectifying": self.cases.rectifying.span,
            "clearance_requested": self.cases.clearance_requested.span,
            "verifying": self.cases.verifying.span,
        }
