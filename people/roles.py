"""Roles and rights: who may do what, as a table. Roles are no ladder; each right is given where it stands."""

from collections.abc import Mapping
from enum import StrEnum


class Right(StrEnum):
    """One thing that somebody may do."""

    SEE = "see"
    """Look at pages, figures, alerts, cases and packets."""
    EXPORT = "export"
    """Take reports and evidence away as files."""
    ANSWER_ALERTS = "answer_alerts"
    """Acknowledge, comment on, verify, rectify and close alerts; do work orders."""
    ENTER_MARKS = "enter_marks"
    """Declare what an outlet was doing, and take that back."""
    LEAD = "lead"
    """Assign alerts to others, silence, confirm steps of the ladder, give out work orders."""
    HANDLE_CASES = "handle_cases"
    """Begin to rectify, and ask for clearance."""
    CLEAR_CASES = "clear_cases"
    """Begin to verify, send back, clear: never the county that is supervised."""
    REDRIVE = "redrive"
    """Let refused packets of one's loggers go through once more; those of unknown loggers are the city's alone."""
    AUDIT = "audit"
    """Read the audit log."""
    MANAGE_PEOPLE = "manage_people"
    """Add people and machines, give and take roles, reset passwords."""


class Role(StrEnum):
    """What somebody is at the bureau."""

    VIEWER = "viewer"
    INSPECTOR = "inspector"
    COUNTY_HEAD = "county_head"
    CITY_SUPERVISOR = "city_supervisor"
    ADMINISTRATOR = "administrator"


_LOOKS = frozenset({Right.SEE, Right.EXPORT})
_WORKS = _LOOKS | {Right.ANSWER_ALERTS, Right.ENTER_MARKS, Right.HANDLE_CASES, Right.REDRIVE}

RIGHTS: Mapping[Role, frozenset[Right]] = {
    Role.VIEWER: _LOOKS,
    Role.INSPECTOR: _WORKS,
    Role.COUNTY_HEAD: _WORKS | {Right.LEAD},
    Role.CITY_SUPERVISOR: _WORKS | {Right.LEAD, Right.CLEAR_CASES, Right.AUDIT},
    Role.ADMINISTRATOR: _LOOKS | {Right.REDRIVE, Right.AUDIT, Right.MANAGE_PEOPLE},
}
"""What each role may do, within its county. An administrator gives rights and decides nothing about emissions."""

OF_A_COUNTY = frozenset({Role.INSPECTOR, Role.COUNTY_HEAD})
"""Roles that are held for one county, always."""
OF_THE_CITY = frozenset({Role.CITY_SUPERVISOR, Role.ADMINISTRATOR})
"""Roles that are held for the whole city, always. A viewer may be either."""


class Unfit(ValueError):
    """What was asked for an account or a token cannot be; says why.

    ``key`` and ``values`` are the same for pages, which say it in the reader's language.
    """

    def __init__(self, message: str, key: str, **values: object) -> None:
        super().__init__(message)
        self.key = key
        self.values = values


def fitting(role: str, county: str | None) -> tuple[Role, str | None]:
    """A role with the county it is held for; None: the whole city.

    Raises:
        Unfit: there is no such role, or it is not held that way.
    """
    try:
        known = Role(role)
    except ValueError:
        raise Unfit(f"{role!r} is no role: {', '.join(Role)}", "role", role=role) from None
    held_for = (county or "").strip() or None
    if known in OF_A_COUNTY and held_for is None:
        raise Unfit(f"the role {known} needs the code of a county", "needs_county")
    if known in OF_THE_CITY and held_for is not None:
        raise Unfit(f"the role {known} is held for the whole city, not for the county {held_for!r}", "whole_city")
    return known, held_for
