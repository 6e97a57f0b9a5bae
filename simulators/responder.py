"""How a logger answers what the platform asks of it: a pure function of the request and of what the logger keeps."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from hj212 import answers
from hj212.decode import decode
from hj212.encode import message as encode
from hj212.message import Fault, Message
from hj212.moments import data_time, text_of
from simulators.frames import frame_of
from simulators.report import PERIOD_DATA, Report

ANSWERS = frozenset({"9013", "9014"})
KEPT_REPORTS = 400
"""Period data that a logger keeps for requests: about a week of hours with their minutes."""
SETTINGS = {"1062": "RtdInterval", "1064": "MinInterval"}
READINGS = {"1061": "RtdInterval", "1063": "MinInterval"}
REFUSED, WRONG_COMMAND, WRONG_CRC, NO_DATA = 2, 8, 9, 100
"""QnRtn 2, 8 and 9, ExeRtn 100."""


@dataclass(slots=True)
class Memory:
    """What one logger keeps."""

    settings: dict[str, str] = field(default_factory=lambda: {"RtdInterval": "60", "MinInterval": "30"})
    reports: deque[Report] = field(default_factory=lambda: deque(maxlen=KEPT_REPORTS))


@dataclass(frozen=True, slots=True)
class Heard:
    """What came down: an answer to something that was sent, or frames to send back."""

    answered_qn: str | None = None
    replies: tuple[bytes, ...] = ()
    resent: tuple[Report, ...] = ()
    """Reports that go out again because the platform asked for them."""


def hear(frame: bytes, memory: Memory, now: datetime) -> Heard:
    """Read one frame from the platform and decide what the logger does. A frame that cannot be read is passed over."""
    request = decode(frame)
    if isinstance(request, Fault):
        if request.reason != "crc" or request.message is None:
            return Heard()
        return Heard(replies=(answers.request_answer(request.message, qn_rtn=WRONG_CRC),))
    if request.cn in ANSWERS:
        return Heard(answered_qn=request.qn or "")
    if request.cn in SETTINGS:
        name = SETTINGS[request.cn]
        if name in request.other:
            memory.settings[name] = request.other[name]
        return Heard(replies=_done(request))
    if request.cn in {"1000", "1012"}:
        return Heard(replies=_done(request))
    if request.cn in READINGS:
        name = READINGS[request.cn]
        return Heard(replies=_done(request, _upload(request, {name: memory.settings[name]})))
    if request.cn == "1011":
        return Heard(replies=_done(request, _upload(request, {"SystemTime": text_of(now)})))
    if request.cn in PERIOD_DATA:
        return _backfill(request, memory, now)
    return Heard(replies=(answers.request_answer(request, qn_rtn=WRONG_COMMAND),))


def _backfill(request: Message, memory: Memory, now: datetime) -> Heard:
    begin, end = data_time(request.other.get("BeginTime", "")), data_time(request.other.get("EndTime", ""))
    if begin is None or end is None:
        return Heard(replies=(answers.request_answer(request, qn_rtn=REFUSED),))
    reports = tuple(
        replace(report, at=now, backfill=report.edition == 2025, damage="", refused="")
        for report in memory.reports
        if report.cn == request.cn and report.data_time is not None and begin <= report.data_time <= end
    )
    frames = tuple(frame_of(report) for report in reports)
    outcome = answers.result(request, exe_rtn=1 if reports else NO_DATA)
    return Heard(replies=(answers.request_answer(request), *frames, outcome), resent=reports)


def _done(request: Message, *between: bytes) -> tuple[bytes, ...]:
    return (answers.request_answer(request), *between, answers.result(request))


def _upload(request: Message, items: Mapping[str, str]) -> bytes:
    return encode(
        qn=request.qn,
        st=request.st or "31",
        cn=request.cn or "",
        pw=request.pw or "123456",
        mn=request.mn or "",
        flag=4 if request.flag is None else request.flag.version << 2,
        other=items,
    )
