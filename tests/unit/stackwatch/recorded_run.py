"""A run of the scenario ``small`` as it would leave its folder behind, made without any service."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from alerts.policy import Policy
from alerts.routing import Alerting, route
from contracts.codec import encode
from contracts.feed import Acceptance
from emissions.account import JUDGING, STORED, STORING, AccountHour
from emissions.event import Due
from emissions.reading import Reading
from emissions.register import Register
from ingest.intake import Intake, Kept
from ingest.numbering import Numbering
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
from streams.accounting import Accounting
from streams.counting import Counting
from streams.judge import Judge

HOURS = 14


def record(folder: Path) -> Path:
    """Play, judge and write everything that ``stackwatch check ledger`` reads."""
    scenario = load_scenario(shipped("small"))
    end = scenario.start + timedelta(hours=HOURS)
    fleet, expectations = Fleet(scenario), Expectations(build_city(scenario))
    write_register(build_city(scenario), folder / "register")
    register, rules = load_register(folder / "register"), load_rules()
    numbering = Numbering(register, gateway="gw1", boot="b1")
    intake = Intake(register, Acceptance(register, rules.parameters), gateway="gw1", numbering=numbering)
    feed: list[tuple[datetime, int, bytes]] = []
    refused: list[bytes] = []
    with Ledger(folder / "ledger.jsonl") as ledger:
        ledger.begin(scenario, speed=None)
        for sending in fleet.sendings():
            if sending.at >= end:
                break
            number = ledger.sending(sending)
            taken = intake.frames(sending.mn, sending.frame, sending.at)
            feed += [(sending.at, number, word.line) for word in intake.words()]
            for record in taken.records:
                if isinstance(record, Kept):
                    feed.append((sending.at, number, record.line))
                else:
                    refused.append(record.line)
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
    lines = [line for *_, line in sorted(feed, key=lambda entry: entry[:2])]
    judged = judge_feed(lines, register, rules, as_of=end)
    outcome = judged_outcome(judged)
    write_lines(folder, "feed", lines)
    write_lines(folder, "quarantine", refused)
    for kind in KINDS:
        write_lines(folder, kind, outcome.lines(kind))
    write_lines(folder, "revisions", map(encode, judged.revisions))
    counting = Counting(JUDGING)
    judge = Judge(register, rules, counting)
    readings = [output for line in lines for output in judge.line(line) if isinstance(output, Reading)]
    write_lines(folder, "readings", _stored(folder, readings))
    write_lines(folder, "accounts", _account(Accounting(register, rules), counting, readings, register, scenario.start))
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


def _account(
    account: Accounting, judging: Counting, readings: Iterable[Reading], register: Register, start: datetime
) -> list[bytes]:
    storing = Counting(STORING)
    for reading in readings:
        storing.took(reading.outlet, reading.series, reading.number, reading.received_at, STORED)
    for n in range(HOURS - 1):
        for outlet in register.outlets:
            storing.passed(outlet, start + n * timedelta(hours=1))
    outputs = (o for word in (*judging.drain(), *storing.drain()) for o in account.line(encode(word)))
    lines = {(o.hour, o.outlet): o for o in outputs if isinstance(o, AccountHour)}
    return [encode(lines[key]) for key in sorted(lines)]


def _stored(folder: Path, readings: list[Reading]) -> list[bytes]:
    store = SqliteStore(folder / "series.sqlite")
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
