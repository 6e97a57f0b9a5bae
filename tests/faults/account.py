"""After faults: nothing is lost, and all that follows is what the batch over the same feed says."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import select

from alerts.database import AttemptRow, OutboxRow, address_of, open_database
from alerts.outbox import CHANNEL
from alerts.policy import Policy
from alerts.queries import Reader
from alerts.routing import Alerting, route
from alerts.transaction import reading
from contracts.codec import encode
from contracts.topics import PACKETS
from emissions.finding import Finding
from stackwatch.batch import Judged, judge_feed
from stackwatch.compare import differences
from stackwatch.demo.outcome import KINDS, Outcome, judged_outcome, stored_outcome
from stackwatch.demo.topic_dump import dump, in_order_of_time
from tests.faults.engines import Engines
from tests.faults.system import System, span

DRAIN_S = 90.0
"""After the last fault everything is in its place within this. [s]"""


def settle(system: System, *, seconds: float = DRAIN_S) -> float:
    """Stop the fleet's time and return when nothing is on its way any more; how long that took. [s]

    Nothing may be lost, every outcome be the batch's, every alert be raised once, every notice be delivered.
    """
    system.stand_still()
    begun = time.monotonic()
    system.until(lambda: system.fleet.settled, "all frames acknowledged, answered and in the feed", seconds=seconds)
    judged = _judged(system)
    wanted, found = judged_outcome(judged), Outcome(hours=(), rates=(), findings=(), cases=())
    while list(_different(wanted, found)):
        if (left := begun + seconds - time.monotonic()) < 0:
            raise AssertionError("\n".join([*_different(wanted, found), system.said()]))
        found = _stored(system, left)
    system.until(lambda: not _missing_readings(system), "all readings are in the series store", seconds=seconds)
    system.until(lambda: not list(wrong_alerts(system.engines, judged)), "all alerts", seconds=seconds)
    system.until(lambda: not list(undelivered(system.engines)), "all notices delivered", seconds=seconds)
    return time.monotonic() - begun


def _judged(system: System) -> Judged:
    feed = in_order_of_time(asyncio.run(dump(system.engines.kafka, PACKETS)))
    return judge_feed(feed, system.register, system.rules)


def _stored(system: System, left_s: float) -> Outcome:
    start, end = span(system)
    work = stored_outcome(system.engines.kafka, system.store, start=start, end=end)
    return asyncio.run(asyncio.wait_for(work, max(left_s, 1)))


def _different(wanted: Outcome, found: Outcome) -> Iterator[str]:
    """What is not the batch's, in words."""
    for kind in KINDS:
        some = list(differences(wanted.lines(kind), found.lines(kind)))
        if some:
            yield f"{kind}: {len(some)} differ from the batch's, such as {some[:2]}"


def _missing_readings(system: System) -> list[tuple[object, ...]]:
    driver = system.fleet.driver
    assert driver is not None
    wanted = set(driver.expectations.readings)
    start, end = span(system)
    stored = {
        (reading_.outlet, reading_.cn, reading_.at)
        for outlet, cn in sorted({(outlet, cn) for outlet, cn, _ in wanted})
        for reading_ in system.store.readings(outlet, cn=cn, start=start, end=end + timedelta(days=1))
    }
    return sorted(wanted - stored)


def wrong_alerts(engines: Engines, judged: Judged) -> Iterator[str]:
    """Alerts that are not what the findings say, and what happened to them more than once."""
    database = Reader(open_database(address_of(engines.database)))
    try:
        yield from _wrong_alerts(database, judged)
    finally:
        database.engine.dispose()


def _wrong_alerts(database: Reader, judged: Judged) -> Iterator[str]:
    alerts = {alert.id: alert for alert in database.alerts(limit=10_000)}
    routes = Policy().routes
    for finding in judged.findings.values():
        if (alert := alerts.get(finding.id)) is None:
            if isinstance(route(finding, routes), Alerting):
                yield f"no alert for {finding}"
        elif (alert.ended_by_data, alert.known_at, dict(alert.evidence)) != (
            finding.to,
            finding.known_at,
            _as_json(finding),
        ):
            yield f"{alert} is not {finding}"
    for id_ in alerts:
        names = Counter(event.name for event in database.timeline(id_))
        if names["raised"] != 1:
            yield f"alert {id_} was raised {names['raised']} times"
    opened = Counter((case.county, case.trigger) for case in database.cases(limit=10_000))
    wanted = Counter({(case.county, case.trigger): 1 for case in judged.cases.values()})
    if opened != wanted:
        yield f"cases {opened} instead of {wanted}"
    yield from (f"the audit log is broken: {broken}" for broken in database.broken_audit())


def _as_json(finding: Finding) -> object:
    """Evidence as it comes back from the wire."""
    return json.loads(encode(finding))["evidence"]


def undelivered(engines: Engines) -> Iterator[str]:
    """Notices that a webhook has not got, and letters that still wait."""
    hooks = {"proxied": engines.proxied_hook, "direct": engines.direct_hook}
    engine = open_database(address_of(engines.database))
    try:
        with reading(engine) as session:
            rows = session.execute(select(OutboxRow.destination, OutboxRow.dedupe_key, OutboxRow.settled)).all()
    finally:
        engine.dispose()
    got = {name: {body["event_id"] for body in list(hook.delivered)} for name, hook in hooks.items()}
    for destination, key, settled in rows:
        if settled != "sent":
            yield f"{destination} {key} is {settled}"
        elif (channel := destination.removeprefix(CHANNEL)) in got and (
            key.removesuffix(f":{destination}") not in got[channel]
        ):
            yield f"{destination} {key} was not received"


def attempts_that_failed(engines: Engines, channel: str) -> list[str]:
    """Errors in the log of attempts of one channel."""
    engine = open_database(address_of(engines.database))
    query = (
        select(AttemptRow.error)
        .join(OutboxRow, OutboxRow.id == AttemptRow.outbox_id)
        .where(OutboxRow.destination == f"{CHANNEL}{channel}", AttemptRow.delivered.is_(False))
    )
    try:
        with reading(engine) as session:
            return list(session.scalars(query))
    finally:
        engine.dispose()
