"""The times within which people must act, and the ladders that are climbed when they do not (R17, R19)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

LEVELS = ("county_inspector", "county_head", "city_supervisor")
"""Who answers for an alert, from the first to the last: 县级监察员, 县级负责人, 市级."""

CASE_MEASURES = ("none", "preliminary_notice", "interview")
"""What a county gets for missed deadlines of a case, in this order: nothing yet, 预警通知, 约谈."""

CAUSES = (
    "excess_emission",
    "treatment_failure",
    "start_up_or_shutdown",
    "monitor_fault",
    "calibration_or_maintenance",
    "communication_failure",
    "unmarked_stop",
    "wrong_register_entry",
    "other",
)
"""What a verification may name as the cause, where the rulebook has no list of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Every number of the alerts' and cases' deadlines, with the defaults of R17 and R19."""

    acknowledge_severe_within: timedelta = timedelta(minutes=30)
    """R19: a severe alert must be acknowledged before this has passed since it was raised or moved up."""
    acknowledge_within: timedelta = timedelta(hours=4)
    """R19: the same for every other alert."""
    acknowledgement_lasts: timedelta = timedelta(hours=24)
    """R19: an acknowledgement expires when its alert has not been verified after this time."""
    rectify_within: timedelta = timedelta(days=30)
    """A verified violation is to be rectified within this time; the figure of R17."""
    close_within: timedelta = timedelta(days=7)
    """What is rectified, or was no violation, is to be closed within this time; the figure of R17."""
    remind_every: timedelta = timedelta(hours=24)
    """At the top of the ladder a missed deadline is repeated at this interval."""
    lower_after: timedelta = timedelta(hours=2)
    """An alert becomes less severe only when its data have been lower for this long; more severe at once."""
    levels: tuple[str, ...] = LEVELS
    case_within: Mapping[str, timedelta] = field(
        default_factory=lambda: {
            "opened": timedelta(days=3),
            "rectifying": timedelta(days=30),
            "clearance_requested": timedelta(days=7),
            "verifying": timedelta(days=7),
        }
    )
    """R17: how long a case may stay in each state."""
    case_measures: tuple[str, ...] = CASE_MEASURES
    causes: tuple[str, ...] = CAUSES
    """What a verification may name as the cause."""
    decide_within: timedelta = timedelta(days=3)
    """R18: a person must have confirmed or declined a proposed step before this has passed."""
    repair_within: timedelta = timedelta(hours=48)
    """A repair that is ordered without a due date is due after this time."""
    order_close_within: timedelta = timedelta(days=7)
    """What was reported as done is to be closed, or returned, within this time."""

    def acknowledge_after(self, severity: str) -> timedelta:
        """Time to acknowledge an alert of this severity (R19)."""
        return self.acknowledge_severe_within if severity == "severe" else self.acknowledge_within


def climb(ladder: tuple[str, ...], step: str) -> str:
    """The step after this one; the last one, and one the ladder no longer has, stay or become the last."""
    if step not in ladder:
        return ladder[-1]
    return ladder[min(ladder.index(step) + 1, len(ladder) - 1)]
