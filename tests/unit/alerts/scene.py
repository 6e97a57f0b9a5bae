"""Findings, cases and moments that the tests of this room share."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from emissions.beijing import BEIJING
from emissions.finding import Case, Finding

T0 = datetime(2026, 11, 24, 10, tzinfo=BEIJING)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)

COUNTY = "371502"


def exceedance(
    hours: int = 1, *, name: str = "f1", ended: bool = False, severity: str = "warning", county: str = COUNTY
) -> Finding:
    """One outlet over the limit for so many hours running, as known after the last of them."""
    listed = [
        {"hour": (T0 + n * HOUR).isoformat(), "converted_mg_m3": 40.0 + n, "limit_mg_m3": 35.0} for n in range(hours)
    ]
    return Finding(
        id=name,
        rule="hourly_exceedance",
        subject={"outlet": "o1"},
        from_=T0,
        to=T0 + hours * HOUR if ended else None,
        severity=severity,
        county=county,
        known_at=T0 + (hours + 1) * HOUR,
        evidence={
            "rule": "R18",
            "pollutant": "a21026",
            "enterprise": "e1",
            "hours": listed,
            "peak_mg_m3": 39.0 + hours,
            "peak_multiple": round((39 + hours) / 35, 3),
            "corrected": [],
        },
    )


def low_rate(*periods: str, county: str = COUNTY, trigger: str = "rate", **more: Any) -> Case:
    """Grounds for supervision in these months."""
    added = {"effective_pct": 88.5, "valid": 885, "expected": 1000, "settled": True, "outlets": {"o1": {}}, **more}
    return Case(
        id="c1",
        county=county,
        trigger=trigger,
        opened_at=T0,
        period=periods[0],
        evidence={"periods": {period: {"period": period, "opened_at": T0.isoformat(), **added} for period in periods}},
    )


def with_evidence(case: Case, period: str, **more: Any) -> Case:
    """The case with more evidence in one month."""
    periods = dict(case.evidence["periods"])
    periods[period] = {**periods[period], **more}
    return replace(case, evidence={"periods": periods})


def numbered(*versions: Finding | Case, first: int = 1) -> list[Finding | Case]:
    """Versions in the order in which a worker said them."""
    return [replace(version, revision=first + index) for index, version in enumerate(versions)]


def silence(outlet: str, *, at: datetime = T0, ended: datetime | None = None, county: str = COUNTY) -> Finding:
    """An outlet from which nothing comes."""
    return Finding(
        id=f"silence-{outlet}-{at:%H%M%S}",
        rule="silence",
        subject={"outlet": outlet},
        from_=at,
        to=ended,
        severity="warning",
        county=county,
        known_at=ended or at,
        evidence={"rule": "R21", "mn": f"MN-{outlet}", "enterprise": "e1", "allowed_minutes": 30.0},
    )


def county_outage(*, at: datetime = T0, ended: datetime | None = None, county: str = COUNTY) -> Finding:
    """Nothing comes from a whole county."""
    return Finding(
        id=f"outage-{county}-{at:%H%M%S}",
        rule="silence",
        subject={"county": county},
        from_=at,
        to=ended,
        severity="severe",
        county=county,
        known_at=ended or at,
        evidence={"rule": "R21", "outlets": ["o1", "o2"]},
    )
