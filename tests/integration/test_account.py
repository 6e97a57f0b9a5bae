"""The conservation account with real processes: a worker killed in the middle is no alarm, one lost line is."""

import asyncio
import signal
from datetime import UTC, datetime, timedelta

import pytest

from alerts.consuming import read
from alerts.database import open_database, upgrade
from alerts.policy import Policy
from alerts.repository import Repository
from contracts.codec import decode, encode
from contracts.feed import Acceptance
from contracts.topics import FINDINGS
from emissions.account import JUDGING, add_up
from emissions.event import Due
from emissions.finding import Finding
from hj212.encode import message
from hj212.moments import qn_of, text_of
from ingest.intake import Intake, Kept
from ingest.numbering import Numbering
from tests.integration.recorded import FAR, HOUR, START, everything_in, example, publish, wait_until
from tests.integration.test_worker import workers

__all__ = ["workers"]

HOURS = 4


def feed(register, rules, many):
    """Numbered lines of four hours, in the order of receipt, with their roll calls."""
    outlets = [outlet for outlet in register.outlets.values() if outlet.mn and outlet.must_monitor]
    numbering = Numbering(register, gateway="gw1", boot="b1")
    taker = Intake(register, Acceptance(register, rules.parameters), gateway="gw1", numbering=numbering)
    lines, at, called = [], START, START
    while len(lines) < many:
        for outlet in outlets:
            frame = message(
                st="31",
                cn="2011",
                mn=outlet.mn,
                qn=qn_of(at),
                flag=5,
                data_time=text_of(at),
                values={"a34013": {"Rtd": "4.5", "Flag": "N"}},
            )
            taken = taker.frames(outlet.mn, frame, at)
            lines += [record.line for record in (*taker.words(), *taken.records) if isinstance(record, Kept)]
        at += HOURS * HOUR * len(outlets) / many
    lines += [kept.line for kept in taker.words(at, last=True)]
    while called <= at:
        lines += [encode(Due(outlet=outlet.id, mn=outlet.mn, hour=called)) for outlet in outlets]
        called += HOUR
    return lines


def gaps(servers):
    """The last word on each hole."""
    messages = map(decode, asyncio.run(everything_in(servers, FINDINGS)))
    found = {m.id: m for m in messages if isinstance(m, Finding) and m.rule == "account_gap"}
    return list(found.values())


def lines_of(workers):
    return workers.store.accounts(start=START - HOUR, end=FAR)


@pytest.mark.parametrize(
    ("many", "lost"),
    [
        pytest.param(3000, 1234, id="one line lost among thousands"),
        pytest.param(
            1_000_000, 612_345, id="one line lost in a million", marks=[pytest.mark.long, pytest.mark.timeout(3600)]
        ),
    ],
)
def test_one_lost_line_raises_an_alert_and_a_killed_worker_none(kafka, workers, tmp_path, many, lost):
    register, rules = example()
    lines = feed(register, rules, many)
    half, called = lost - 200, sum(b'"due"' in line for line in lines)
    patience, together = many / 1000, max(20, many // 2000)
    first = workers.start()
    asyncio.run(publish(kafka.url, register, lines[:half], per_message=together))
    wait_until(
        lambda: workers.metric(first, 'stackwatch_worker_lines_total{stage="judging"}') >= half,
        seconds=30 + patience,
        what="half",
    )
    first.send_signal(signal.SIGKILL)
    first.wait(60)
    # One line never reaches the feed, as if the gateway or the broker had dropped it.
    asyncio.run(publish(kafka.url, register, lines[half:lost] + lines[lost + 1 :], per_message=together))
    second = workers.start()
    wait_until(
        lambda: sum(line.stored is not None for line in lines_of(workers)) == called,
        seconds=60 + patience,
        what="all hours are closed",
    )
    assert workers.metric(second, "stackwatch_worker_skipped_messages_total") == 0
    assert workers.metric(second, "stackwatch_worker_account_gaps_total") == 1
    (gap,) = gaps(kafka.url)
    assert (gap.evidence["stage"], gap.evidence["missing"], gap.to) == (JUDGING, 1, None)
    assert gap.evidence["relayed"] == gap.evidence["judged"] + 1

    total = add_up(lines_of(workers))
    relayed = sum(b'"number"' in line for line in lines)
    assert (total["relayed"], total["judged"], total["stored"], total["missing"]) == (
        relayed,
        relayed - 1,
        relayed - 1,
        1,
    )

    url = f"sqlite:///{tmp_path}/alerts.sqlite"
    upgrade(url)
    desk = Repository(open_database(url), policy=Policy(), name_of=str, wall=lambda: datetime.now(UTC))
    messages, refused = read([encode(gap)])
    assert refused == []
    desk.take_in(messages, now=gap.known_at + timedelta(minutes=1))
    (alert,) = desk.alerts()
    assert (alert.id, alert.rule, alert.severity, alert.state) == (gap.id, "account_gap", "severe", "raised")
    desk.engine.dispose()
