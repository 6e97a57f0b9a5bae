"""What is heard on the topics, and what event streams get of it."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from contracts.codec import bundle, encode
from contracts.topics import FINDINGS, HOURS, QUARANTINE, RATES, READINGS
from emissions.finding import Rejected
from emissions.transmission import Called
from tests.unit.web import town
from web.api.events import _stream
from web.exceedances import Exceedances
from web.live import Live
from web.periods import bounds


@pytest.fixture
def live() -> Live:
    return Live()


def test_the_last_word_on_a_finding_stands_whatever_order_it_comes_in(live, judged):
    finding = town.findings(judged)[0]
    later = replace(finding, revision=finding.revision + 1, severity="severe")
    live.hear(FINDINGS.name, bundle([later, finding]))
    assert live.findings() == [later]


def test_memory_is_bounded(judged):
    live = Live(findings_kept=3, quarantine_kept=2)
    findings = town.findings(judged)
    live.hear(FINDINGS.name, bundle(findings))
    assert len(live.findings()) == 3
    refused = [
        Rejected(reason="crc", mn=f"MN{n}", received_at=town.NOW, line=f"##{n}", detail="CRC differs") for n in range(5)
    ]
    live.hear(QUARANTINE.name, bundle(refused))
    assert [line.mn for line in live.quarantine()] == ["MN4", "MN3"]


def test_a_line_that_cannot_be_read_is_counted_and_stops_nothing(live, judged):
    good = encode(town.findings(judged)[0])
    live.hear(FINDINGS.name, b'{"kind": "finding"}\nnot json\n\xff\xfe\n' + good)
    assert live.refused == 3
    assert len(live.findings()) == 1


def test_the_newest_reading_is_by_data_time_and_last_received_by_receipt(live, register):
    outlet = register.outlets["O371502-01"]
    newest, *_, old = (reading for reading in town.readings(outlet) if reading.cn == "2011")
    late = replace(old, received_at=newest.received_at + timedelta(minutes=5))
    live.hear(READINGS.name, bundle([newest, late]))
    assert live.reading(outlet.id, "2011").at == newest.at
    assert live.last_received(outlet.id) == late.received_at
    assert live.reading(outlet.id, "2061") is None


def test_exceeded_hours_are_counted_once_and_a_correction_takes_one_away(judged):
    exceedances = Exceedances(*bounds("month", "2026-11"))
    exceedances.hear([*judged, *judged])
    count = sum(hour.verdict == "exceeded" for hour in judged)
    assert exceedances.by_county().total() == count > 0
    one = next(hour for hour in judged if hour.verdict == "exceeded")
    exceedances.hear([replace(one, verdict="within", revision=one.revision + 1)])
    exceedances.hear([replace(one, hour=one.hour - timedelta(days=40))])
    assert exceedances.by_county().total() == count - 1


async def test_a_stream_gets_what_it_asked_for(live, judged):
    stream = _stream(live, frozenset({"hour"}), "371503")
    assert await anext(stream) == "retry: 3000\n\n"
    hours = [hour for hour in judged if hour.county == "371503"][:2]
    other = next(hour for hour in judged if hour.county == "371502")
    called = Called(outlet="O", enterprise="E", county="371503", city="C", hour=town.NOW)
    live.hear(HOURS.name, bundle([other, *hours, called]))
    live.hear(RATES.name, encode(town.rates(judged)[0]))
    async with asyncio.timeout(5):
        event = await anext(stream)
    assert event == "".join(f"event: hour\ndata: {encode(hour).decode()}\n\n" for hour in hours)
    await stream.aclose()
    assert live.streams == 0


async def test_a_slow_stream_is_told_what_it_lost(judged):
    live = Live(queue=2)
    stream = _stream(live, frozenset({"hour"}), None)
    await anext(stream)
    live.hear(HOURS.name, bundle(judged[:5]))
    assert await anext(stream) == 'event: lost\ndata: {"lines": 3}\n\n'
    assert (await anext(stream)).count("event: hour") == 2
    await stream.aclose()


async def test_findings_over_http(client, sources, judged):
    found = town.findings(judged)
    sources.live.hear(FINDINGS.name, bundle(found))
    items = (await client.get("/api/v1/findings?county=371521")).json()["items"]
    assert [(item["rule"], "from" in item, "from_" in item) for item in items] == [("rate_below_90", True, False)]


async def test_the_account_counts_hours_and_leaves_open_what_was_not_counted(client, judged):
    query = {"from": "2026-11-09", "to": "2026-11-10"}
    account = (await client.get("/api/v1/account", params=query)).json()
    day = [hour for hour in judged if f"{hour.hour:%Y-%m-%d}" == "2026-11-09"]
    assert account["total"]["hours"]["judged"] == len(day)
    assert account["total"]["hours"]["missing"] == sum(hour.state == "missing" for hour in day)
    assert len(account["items"]) == 3 * 24
    assert all(line["published"] is None and line["relayed"] is None for line in account["items"])
