"""From the feed to people: hours, rates, findings, cases and alerts against the batch oracle, to the last digit."""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

import msgspec

from alerts.policy import Policy
from alerts.routing import Alerting, route
from contracts.codec import Message, encode
from emissions.finding import Case, Finding
from emissions.hourly import Hour
from emissions.transmission import Rate
from simulators.expectation import differences
from stackwatch.batch import Judged, rate_key
from stackwatch.ledger_check.fault import Fault, Stage
from stackwatch.ledger_check.run_folder import Kept, Run

K = TypeVar("K", bound=Hashable)
M = TypeVar("M", bound=Message)

Checked = tuple[Stage, list[Fault]]


def hour_key(hour: Hour) -> tuple[datetime, str, str]:
    """Identity of an hour."""
    return hour.hour, hour.outlet, hour.pollutant


def case_key(case: Case) -> tuple[str, str]:
    """Identity of a case."""
    return case.county, case.trigger


def stages(run: Run, judged: Judged) -> Iterator[Checked]:
    """Everything that follows from the feed, stage by stage."""
    yield _judged(run, judged)
    yield _compared("hours", _of(run, "hours", Hour), judged.hours, hour_key, _about_hour)
    yield _compared("rates", _of(run, "rates", Rate), judged.rates, rate_key, _about_rate)
    yield _compared("findings", _of(run, "findings", Finding), judged.findings, lambda f: f.id, _about_finding)
    yield _compared("cases", _of(run, "cases", Case), judged.cases, case_key, lambda c: (c.county, (c.trigger,)))
    yield alerts_stage(run.alerts, judged)


def _judged(run: Run, judged: Judged) -> Checked:
    """The hours as published: their last revisions against the oracle, and the oracle against the ledger."""
    last = {hour_key(hour): hour for hour in _of(run, "revisions", Hour)}
    stage, faults = _compared("judged", last.values(), judged.hours, hour_key, _about_hour)
    for expected in run.book.expected:
        actual = judged.hours.get((expected.hour, expected.outlet, expected.pollutant))
        for wrong in differences(expected, None if actual is None else msgspec.to_builtins(actual)):
            about = (expected.pollutant, expected.hour.isoformat())
            faults.append(
                Fault(kind="wrong", stage="judged", outlet=expected.outlet, about=about, expected="ledger", found=wrong)
            )
    return stage, faults


def _compared(
    stage: str,
    found: Iterable[M],
    wanted: Mapping[K, M],
    key_of: Callable[[M], K],
    about: Callable[[M], tuple[str, tuple[str, ...]]],
) -> Checked:
    times: Counter[K] = Counter()
    here: dict[K, M] = {}
    faults: list[Fault] = []

    def fault(kind: str, message: M, expected: object, what: object) -> None:
        outlet, words = about(message)
        faults.append(Fault(kind=kind, stage=stage, outlet=outlet, about=words, expected=expected, found=what))

    for message in found:
        key = key_of(message)
        times[key] += 1
        here[key] = message
    for key, message in here.items():
        if times[key] > 1:
            fault("duplicate", message, 1, times[key])
        if key not in wanted:
            fault("wrong", message, None, "a line that follows from nothing in the feed")
    for key, message in wanted.items():
        if key not in here:
            fault("lost", message, _fields(message), None)
        elif (was := _fields(here[key])) != (must := _fields(message)):
            names = [name for name in {**must, **was} if must.get(name) != was.get(name)]
            fault("wrong", message, {n: must.get(n) for n in names}, {n: was.get(n) for n in names})
    return Stage(stage=stage, expected=len(wanted), found=sum(key in here for key in wanted)), faults


def alerts_stage(alerts: Sequence[Kept], judged: Judged) -> Checked:
    """An alert for every finding that somebody must answer, and every month of every case."""
    faults: list[Fault] = []
    routes = Policy().routes
    kept = {alert.id: alert for alert in alerts if alert.kind == "alert"}
    due = {id_: f for id_, f in judged.findings.items() if isinstance(route(f, routes), Alerting)}
    for id_, finding in judged.findings.items():
        if (alert := kept.get(id_)) is not None:
            faults += _of_alert(finding, alert)
        elif id_ in due:
            outlet, words = _about_finding(finding)
            faults.append(Fault(kind="lost", stage="alerts", outlet=outlet, about=words, expected="an alert"))
    for id_, alert in kept.items():
        if id_ not in judged.findings:
            faults.append(
                Fault(kind="wrong", stage="alerts", outlet=alert.county, about=(id_,), found="an alert of no finding")
            )
    months = {(one.county, one.trigger, one.period): one for one in alerts if one.kind == "case_month"}
    wanted = {
        (case.county, case.trigger, period): evidence
        for case in judged.cases.values()
        for period, evidence in case.evidence["periods"].items()
    }
    for (county, trigger, period), evidence in wanted.items():
        must = msgspec.json.decode(msgspec.json.encode(evidence))
        is_ = months.get((county, trigger, period))
        if is_ is None or is_.evidence != must:
            faults.append(
                Fault(
                    kind="lost" if is_ is None else "wrong",
                    stage="alerts",
                    outlet=county,
                    about=("case", trigger, period),
                    expected=must,
                    found=None if is_ is None else is_.evidence,
                )
            )
    here = sum(id_ in kept for id_ in due) + sum(key in months for key in wanted)
    return Stage(stage="alerts", expected=len(due) + len(wanted), found=here), faults


def _of_alert(finding: Finding, alert: Kept) -> Iterator[Fault]:
    must = {
        "known_at": finding.known_at,
        "ended_by_data": finding.to,
        "evidence": msgspec.json.decode(msgspec.json.encode(finding.evidence)),
    }
    is_ = {"known_at": alert.known_at, "ended_by_data": alert.ended_by_data, "evidence": alert.evidence}
    if names := [name for name in must if must[name] != is_[name]]:
        outlet, words = _about_finding(finding)
        yield Fault(
            kind="wrong",
            stage="alerts",
            outlet=outlet,
            about=words,
            expected={name: must[name] for name in names},
            found={name: is_[name] for name in names},
        )


def _of(run: Run, name: str, kind: type[M]) -> list[M]:
    return [line for line in run.lines[name] if isinstance(line, kind)]


def _fields(message: Message) -> dict[str, object]:
    fields: dict[str, object] = msgspec.json.decode(encode(message))
    return fields


def _about_hour(hour: Hour) -> tuple[str, tuple[str, ...]]:
    return hour.outlet, (hour.pollutant, hour.hour.isoformat())


def _about_rate(rate: Rate) -> tuple[str, tuple[str, ...]]:
    return rate.id, (rate.level, rate.window, rate.period, rate.track)


def _about_finding(finding: Finding) -> tuple[str, tuple[str, ...]]:
    return finding.subject.get("outlet", finding.county), (finding.rule, finding.from_.isoformat(), finding.id)
