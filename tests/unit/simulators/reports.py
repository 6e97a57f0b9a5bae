"""Reports of one logger, for tests that make them pass through faults."""

from datetime import datetime, timedelta

from emissions.beijing import BEIJING
from simulators.faults import FAULTS, Spell
from simulators.report import Report

T0 = datetime(2026, 11, 2, 8, tzinfo=BEIJING)
"""Start of an hour."""
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def hour_report(start: datetime = T0, **changes) -> Report:
    """The 2061 packet of the hour [start, start + 1 h)."""
    fields = {
        "at": start + HOUR + 2 * MINUTE,
        "outlet": "371502-01-1",
        "mn": "010000A89000000000000001",
        "edition": 2017,
        "cn": "2061",
        "data_time": start,
        "period": HOUR,
        "values": {
            "a34013": {"Cou": "1.000", "Min": "1.00", "Avg": "2.00", "Max": "3.00", "ZsAvg": "2.10", "Flag": "N"},
            "a21026": {"Cou": "9.000", "Min": "8.00", "Avg": "10.00", "Max": "12.00", "ZsAvg": "10.50", "Flag": "N"},
            "a21002": {"Cou": "30.000", "Min": "28.00", "Avg": "30.00", "Max": "33.00", "ZsAvg": "31.50", "Flag": "N"},
            "a19001": {"Min": "5.50", "Avg": "5.70", "Max": "6.00", "Flag": "N"},
        },
        "qn": start + HOUR + 2 * MINUTE + timedelta(milliseconds=300),
    }
    return Report(**{**fields, **changes})


def minute_report(start: datetime = T0, **changes) -> Report:
    """The 2051 packet of the half-hour [start, start + 30 min)."""
    return hour_report(
        start, **{"cn": "2051", "period": 30 * MINUTE, "at": start + 32 * MINUTE, "qn": start + 32 * MINUTE, **changes}
    )


def spell(name: str, start: datetime, end: datetime, **parameters) -> Spell:
    """An occurrence of a named fault with its defaults."""
    return Spell(start=start, end=end, parameters={**FAULTS[name].parameters, **parameters})


def through(name: str, report: Report, start: datetime, end: datetime, **parameters) -> list[Report]:
    """What a named fault makes of a report."""
    return FAULTS[name].apply(report, spell(name, start, end, **parameters))
