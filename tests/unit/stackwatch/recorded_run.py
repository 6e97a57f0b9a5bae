"""A run of the scenario ``small`` as it would leave its folder behind, made without any service."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from alerts.policy import Policy
from alerts.routing import Alerting, route
from contracts.codec import encode
from contracts.feed import Acceptance, encode_line, packet_line
from emissions.event import Due
from emissions.finding import Rejected
from emissions.reading import Reading
from rulebook.loader import load_rules
from rulebook.register import load_register
from simulators.city import build_city
from simulators.expectation import IN_TIME, Expectations
from simulators.fleet import Fleet
from simulators.ledger import Ledger
from simulators.register import write_register
from simulators.scenario import load_scenario, shipped
from stackwatch.batch import judge_feed
from stackwatch.demo.outcome import KINDS, judged_outcome
from stackwatch.ledger_check.run_folder import write_lines
from stores.sqlite import SqliteStore
from streams.judge import Judge

HOURS = 26


def record(folder: Path) -> Path:
    """Play, judge and write everything that ``stackwatch check ledger`` reads."""
    scenario = load_scenario(shipped("small"))
    end = scenario.start + timedelta(hours=HOURS)
    fleet, expectations = Fleet(scenario), Expectations(build_city(scenario))
    write_register(build_city(scenario), folder / "register")
    register, rules = load_register(folder / "register"), load_rules()
    acceptance = Acceptance(register, rules.parameters)
    feed: list[tuple[datetime, int, bytes]] = []
    refused: list[bytes] = []
    with Ledger(folder / "ledger.jsonl") as ledger:
        ledger.begin(scenario, speed=None)
        for sending in fleet.sendings():
            if sending.at >= end:
                break
            number = ledger.sending(sending)
            line = packet_line(sending.at, sending.mn, sending.frame, "gw1")
            event = acceptance.examine(line).event
            if isinstance(event, Rejected):
                refused.append(encode(event))
            else:
                feed.append((sending.at, number, encode_line(line)))
            expectations.arrived(sending.report, sending.at)
            ledger.acknowledged([number], how="puback")
        for mark in fleet.marks():
            if mark.entered_at < end:
                ledger.mark(mark)
                expectations.marked(mark)
                feed.append((mark.entered_at, 0, encode(mark)))
        ledger.expected(expectations.hours(first=scenario.start, last=end - IN_TIME))
        ledger.end(end)
    hour = scenario.start
    while hour + IN_TIME <= end:
        feed += [
            (hour + IN_TIME, 10**9, encode(Due(outlet=outlet.id, mn=outlet.mn, hour=hour)))
            for outlet in register.outlets.values()
        ]
        hour += timedelta(hours=1)
    lines = [line for *_, line in sorted(feed)]
    judged = judge_feed(lines, register, rules, as_of=end)
    outcome = judged_outcome(judged)
    write_lines(folder, "feed", lines)
    write_lines(folder, "quarantine", refused)
    for kind in KINDS:
        write_lines(folder, kind, outcome.lines(kind))
    write_lines(folder, "revisions", map(encode, judged.revisions))
    write_lines(folder, "readings", _stored(folder, (o for line in lines for o in Judge(register, rules).line(line))))
    findings = (f for f in judged.findings.values() if isinstance(route(f, Policy().routes), Alerting))
    alerts: list[dict[str, object]] = [
        {
            "kind": "alert",
            "id": f.id,
            "county": f.county,
            "known_at": f.known_at,
            "ended_by_data": f.to,
            "evidence": f.evidence,
        }
        for f in findings
    ]
    alerts += [
        {
            "kind": "case_month",
            "id": case.id,
            "county": case.county,
            "trigger": case.trigger,
            "period": period,
            "evidence": evidence,
        }
        for case in judged.cases.values()
        for period, evidence in case.evidence["periods"].items()
    ]
    write_lines(folder, "alerts", map(msgspec.json.encode, alerts))
    return folder


def _stored(folder: Path, outputs: Iterable[object]) -> list[bytes]:
    store = SqliteStore(folder / "series.sqlite")
    readings = [output for output in outputs if isinstance(output, Reading)]
    store.write(readings)
    try:
        return [
            encode(reading)
            for outlet, cn in sorted({(reading.outlet, reading.cn) for reading in readings})
            for reading in store.readings(
                outlet, cn=cn, start=min(r.at for r in readings), end=max(r.at for r in readings) + timedelta(seconds=1)
            )
        ]
    finally:
        store.close()
