"""Loggers over TCP: glued frames, answers on the same connection, a line that is cut."""

import asyncio

import pytest

from hj212 import answers
from hj212.decode import decode
from hj212.framing import Framer
from simulators.frames import frame_of
from simulators.tcp import TcpWire
from simulators.wire import WireUnavailable
from tests.unit.simulators.reports import HOUR, T0, hour_report

REPORTS = [hour_report(T0 + number * HOUR) for number in range(5)]
MN = REPORTS[0].mn


class Centre:
    """Answers every frame; hangs up after some of them."""

    def __init__(self, hang_up_after=None):
        self.frames = []
        self._hang_up_after = hang_up_after

    async def serve(self, reader, writer):
        framer = Framer()
        while chunk := await reader.read(4096):
            for frame in framer.feed(chunk):
                self.frames.append(frame)
                writer.write(answers.data_answer(decode(frame)))
                if self._hang_up_after == len(self.frames):
                    await writer.drain()
                    writer.close()
                    return
        writer.close()


async def within(seconds, condition):
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - what happens is seen from outside only
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("hang_up_after", [None, 2], ids=["a good line", "a line that is cut after two frames"])
async def test_frames_go_up_and_answers_come_down(hang_up_after, monkeypatch):
    monkeypatch.setattr("simulators.tcp.PAUSE_S", 0.01)
    centre = Centre(hang_up_after)
    heard = []
    async with await asyncio.start_server(centre.serve, "127.0.0.1", 0) as server:
        wire = TcpWire(f"127.0.0.1:{server.sockets[0].getsockname()[1]}")
        await wire.open([MN], lambda mn, frame: heard.append((mn, decode(frame).cn, decode(frame).qn)))
        for report in REPORTS[:2]:
            await wire.send(MN, frame_of(report))
        await within(5, lambda: len(heard) == 2)
        for report in REPORTS[2:]:
            await wire.send(MN, frame_of(report))
        await within(
            5, lambda: {decode(frame).qn for frame in centre.frames} == {decode(frame_of(r)).qn for r in REPORTS}
        )
        await within(5, lambda: len({qn for _, _, qn in heard}) == 5)
        await wire.close()
    assert {(mn, cn) for mn, cn, _ in heard} == {(MN, "9014")}


async def test_nobody_there():
    wire = TcpWire("127.0.0.1:1")
    with pytest.raises(WireUnavailable, match=r"nobody answers at 127\.0\.0\.1:1"):
        await wire.open([MN], lambda *_: None)


@pytest.mark.parametrize("address", ["", "host", "host:", ":9212", "host:port", "host:70000"])
def test_an_address_that_is_none(address):
    with pytest.raises(WireUnavailable, match="is no address such as"):
        TcpWire(address)
