"""Points to store: plain ones, with anything changed that a test is about."""

from datetime import datetime, timedelta
from typing import Any

from emissions.account import AccountHour
from emissions.beijing import BEIJING
from emissions.hourly import Hour
from emissions.reading import Reading
from emissions.transmission import Rate

H0 = datetime(2026, 11, 24, 8, tzinfo=BEIJING)
HOUR = timedelta(hours=1)
YEAR = timedelta(days=366)


def reading(**changes: Any) -> Reading:
    fields = {
        "outlet": "P1-01",
        "enterprise": "P1",
        "county": "371502",
        "cn": "2061",
        "at": H0,
        "received_at": H0 + timedelta(hours=1, seconds=3, milliseconds=120),
        "numbers": {"a21026-Avg": 12.3, "a21026-ZsAvg": 12.05},
        "flags": {"a21026-Flag": "N"},
    }
    return Reading(**(fields | changes))


def hour(**changes: Any) -> Hour:
    fields = {
        "outlet": "P1-01",
        "pollutant": "a21026",
        "hour": H0,
        "state": "valid",
        "reason": "ok",
        "in_time": True,
        "in_time_state": "valid",
        "in_time_reason": "ok",
        "raw_mg_m3": 12.3,
        "converted_mg_m3": 12.05,
        "limit_mg_m3": 35.0,
        "verdict": "within",
        "revision": 0,
        "cause": None,
        "known_at": H0 + 2 * HOUR,
        "enterprise": "P1",
        "county": "371502",
        "city": "371500",
        "evidence": {"rule": "R7.8", "o2_pct": 6.1, "qn": "20261124090000123"},
    }
    return Hour(**(fields | changes))


def rate(**changes: Any) -> Rate:
    fields = {
        "level": "county",
        "id": "371502",
        "window": "month",
        "period": "2026-11",
        "track": "in_time",
        "due": 2160,
        "excluded": 0,
        "expected": 2160,
        "received": 2100,
        "valid": 2050,
        "transmission_pct": 97.22,
        "validity_pct": 97.62,
        "effective_pct": 94.91,
        "as_of": H0 + 2 * HOUR,
        "settled": False,
        "county": "371502",
        "city": "371500",
    }
    return Rate(**(fields | changes))


def account_line(**changes: Any) -> AccountHour:
    fields = {
        "outlet": "P1-01",
        "enterprise": "P1",
        "county": "371502",
        "hour": H0,
        "published": 62,
        "relayed": 61,
        "quarantined": 1,
        "judged": 60,
        "heartbeats": 5,
        "without_values": 1,
        "refused": 0,
        "stored": 54,
        "missing": 1,
        "gaps": ({"stage": "judging", "series": "gw1/4f", "first": 17, "last": 17},),
        "as_of": H0 + 2 * HOUR,
    }
    return AccountHour(**(fields | changes))
