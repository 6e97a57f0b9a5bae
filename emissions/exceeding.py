"""Several enterprises of a county exceeding within one month: trigger B (R16).

What is said depends only on which hours exceeded and when that became known, not on the order in which a county's
enterprises are read.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from emissions.beijing import BEIJING
from emissions.finding import Finding, finding_id
from emissions.hourly import Hour

RULE = "several_exceeding"


@dataclass(slots=True)
class ExceededHour:
    """One hour that exceeded, also if it was corrected later."""

    hour: float
    """Start, Unix time."""
    known: float
    """When it first became known, Unix time."""
    outlet: str
    pollutant: str
    converted: float
    limit: float
    corrected: bool = False


def on_exceeded(hours: dict[str, ExceededHour], hour: Hour) -> bool:
    """Enter the hour; tells whether anything is new."""
    assert hour.converted_mg_m3 is not None
    assert hour.limit_mg_m3 is not None
    key, known_at = _key(hour), hour.known_at.timestamp()
    known = hours.get(key)
    new = ExceededHour(
        hour=hour.hour.timestamp(),
        known=known_at if known is None else min(known.known, known_at),
        outlet=hour.outlet,
        pollutant=hour.pollutant,
        converted=hour.converted_mg_m3,
        limit=hour.limit_mg_m3,
    )
    hours[key] = new
    return new != known


def on_corrected(hours: dict[str, ExceededHour], hour: Hour) -> bool:
    """The hour does not exceed (any more): noted, never taken out (R16)."""
    known = hours.get(_key(hour))
    if known is None or known.corrected:
        return False
    known.corrected = True
    return True


def finding_of(enterprises: Mapping[str, Mapping[str, ExceededHour]], *, county: str, month: str, need: int) -> Finding:
    """The finding on the month's exceeding enterprises. ``need`` of them had to be known for it."""
    firsts = {e: min(hours.values(), key=lambda h: (h.hour, h.outlet, h.pollutant)) for e, hours in enterprises.items()}
    known = sorted(min(h.known for h in hours.values()) for hours in enterprises.values())[need - 1]
    return Finding(
        id=finding_id(RULE, county, month),
        rule=RULE,
        subject={"county": county},
        from_=datetime.fromtimestamp(min(h.hour for h in firsts.values()), BEIJING),
        to=None,
        severity="severe",
        county=county,
        known_at=datetime.fromtimestamp(known, BEIJING),
        evidence={
            "rule": "R16",
            "period": month,
            "enterprises": {
                enterprise: {
                    "first_hour": datetime.fromtimestamp(first.hour, BEIJING).isoformat(),
                    "outlet": first.outlet,
                    "pollutant": first.pollutant,
                    "converted_mg_m3": first.converted,
                    "limit_mg_m3": first.limit,
                    "exceeded_hours": len(enterprises[enterprise]),
                    "corrected_hours": sum(h.corrected for h in enterprises[enterprise].values()),
                }
                for enterprise, first in sorted(firsts.items())
            },
        },
    )


def _key(hour: Hour) -> str:
    return f"{hour.outlet}|{hour.pollutant}|{int(hour.hour.timestamp())}"
