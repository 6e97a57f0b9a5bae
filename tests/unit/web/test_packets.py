"""The way back from a reading to its frames, with the logger's password left out."""

from dataclasses import replace
from datetime import timedelta

import pytest

from contracts.feed import Acceptance, MonitorLine, packet_line
from emissions.rules import Parameters
from tests.unit.web import town
from web.packets import NoPackets, PacketsUnavailable
from web.views.packets import HIDDEN, frames, frames_of, without_password


@pytest.fixture
def outlet(register):
    return register.outlets["O371503-01"]


@pytest.fixture
def acceptance(register):
    return Acceptance(register, Parameters())


@pytest.fixture
def told(outlet):
    return list(town.readings(outlet))


async def test_the_frames_of_a_reading_are_those_of_its_command_and_data_time(register, outlet, acceptance, told):
    reading = next(one for one in told if one.cn == "2061")
    (found,) = await frames_of(town.TownPackets(register, told), acceptance, outlet, reading)
    assert found.packet.data_time == reading.at
    assert found.packet.values["a21026"]["Avg"] == str(reading.numbers["a21026-Avg"])
    assert found.message is not None
    assert found.message.crc_given == found.message.crc_computed


async def test_sub_packets_and_repeats_are_all_there_in_order_of_receipt(outlet, acceptance, told):
    reading = next(one for one in told if one.cn == "2061")
    frame = town.frame(outlet, reading)
    lines = [
        packet_line(reading.received_at + timedelta(seconds=later), outlet.mn, frame, "gw1") for later in (40, 0, 20)
    ]
    found = frames(lines, acceptance, cn="2061", at=reading.at)
    assert [one.received_at - reading.received_at for one in found] == [timedelta(seconds=s) for s in (0, 20, 40)]


def test_another_data_time_another_command_and_what_is_refused_are_left_out(outlet, acceptance, told):
    reading = next(one for one in told if one.cn == "2061")
    frame = town.frame(outlet, reading)
    other = town.frame(outlet, replace(reading, at=reading.at - timedelta(hours=1)))
    lines = [packet_line(reading.received_at, outlet.mn, one) for one in (other, frame[:-6] + b"0000\r\n", b"##")]
    assert frames(lines, acceptance, cn="2061", at=reading.at) == []
    assert frames([packet_line(reading.received_at, outlet.mn, frame)], acceptance, cn="2051", at=reading.at) == []


def test_a_json_monitors_message_is_found_as_well(register, acceptance):
    body = '{"cn": "2061", "data_time": "20261110120000", "values": {"a21026": {"Avg": 12.3}}}'
    line = MonitorLine(received_at=town.NOW, outlet="O371503-01", body=body)
    (found,) = frames([line], acceptance, cn="2061", at=town.NOW.replace(hour=12, minute=0))
    assert (found.raw, found.hidden, found.message) == (body, False, None)


@pytest.mark.parametrize(
    ("frame", "shown"),
    [
        pytest.param(b"##0000CN=2061;PW=123456;MN=A&&", f"##0000CN=2061;PW={HIDDEN};MN=A&&", id="a password"),
        pytest.param(b"##0000CN=2061;PW=;MN=A&&", f"##0000CN=2061;PW={HIDDEN};MN=A&&", id="an empty one"),
        pytest.param(b"##0000CN=2061;MN=A&&\r\n", "##0000CN=2061;MN=A&&", id="none"),
        pytest.param(b"##0000PW=a;CP=&&PW=b&&", f"##0000PW={HIDDEN};CP=&&PW={HIDDEN}&&", id="also where none belongs"),
    ],
)
def test_a_password_is_shown_to_nobody(frame, shown):
    text, hidden = without_password(packet_line(town.NOW, "A", frame))
    assert text == shown
    assert hidden is (HIDDEN in shown)


async def test_without_a_feed_a_question_says_so(outlet):
    with pytest.raises(PacketsUnavailable):
        await NoPackets().find(outlet.mn, since=town.NOW, until=town.NOW)


async def test_the_interface_hands_out_frames(client, sources, told, register):
    sources.packets = town.TownPackets(register, told)
    reply = await client.get(
        "/api/v1/outlets/O371503-01/packets", params={"cn": "2061", "at": "2026-11-10T13:00:00+08:00"}
    )
    (item,) = reply.json()["items"]
    assert item["cn"] == "2061"
    assert item["password_hidden"]
    assert "PW=123456" not in item["raw"]


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        pytest.param({"cn": "2061", "at": "2026-11-10T03:00"}, 200, id="nothing at that moment"),
        pytest.param({"cn": "2061", "at": "2026-11-10T13:00"}, 503, id="no feed"),
        pytest.param({"cn": "9999", "at": "2026-11-10T13:00"}, 422, id="no such data"),
        pytest.param({"cn": "2061", "at": "noon"}, 422, id="no moment"),
        pytest.param({"cn": "2061", "at": "9999-12-31T23:59:59"}, 422, id="the end of the calendar"),
    ],
)
async def test_a_question_that_cannot_be_answered_says_why(client, asked, status):
    assert (await client.get("/api/v1/outlets/O371503-01/packets", params=asked)).status_code == status
