"""From a report to the bytes on the line, torn ones included."""

import re
from collections.abc import Callable

from hj212.crc import CrcProfile
from hj212.encode import END, message
from hj212.moments import qn_of as qn_text
from hj212.moments import text_of
from hj212.tables import TO_2005
from simulators.report import Report, Values

_ASKS, _PARTS = 1, 2
_VERSIONS = {2017: 4, 2025: 8}
NOTICES = frozenset({"9015"})
ANSWERED_THOUGH_REFUSED = frozenset({"datatime_ahead"})
"""The frame came through whole, so the standard wants it answered although it is refused."""


def frame_of(report: Report) -> bytes:
    """The frame of a report, with CR LF at its end, as it arrives."""
    part = report.part if report.edition in _VERSIONS else None
    plain = message(
        st=report.st,
        cn=report.cn,
        mn=report.frame_mn or report.mn,
        qn=qn_of(report) or None,
        flag=_flag(report),
        pnum=part[0] if part else None,
        pno=part[1] if part else None,
        rf=report.backfill,
        data_time=None if report.data_time is None else text_of(report.data_time),
        values=_as_sent(report),
        other=_items(report),
        crc=CrcProfile.MODBUS if report.damage == "modbus" else CrcProfile.STANDARD,
    )
    return DAMAGES[report.damage](plain) if report.damage in DAMAGES else plain


def qn_of(report: Report) -> str:
    """The request number of a report; empty where its edition needs none."""
    return "" if report.qn is None else qn_text(report.qn)


def expected_answer(report: Report) -> str:
    """Command of the answer that the platform owes: ``9014``, ``9013``, or empty."""
    refused = report.refused and report.refused not in ANSWERED_THOUGH_REFUSED
    if not report.asks or refused:
        return ""
    return "9013" if report.cn in NOTICES else "9014"


def _flag(report: Report) -> int | None:
    version = _VERSIONS.get(report.edition)
    if version is None:
        return None
    return version | _ASKS | (_PARTS if report.part else 0)


def _as_sent(report: Report) -> Values:
    """2005 loggers write the codes of their own edition."""
    if report.edition != 2005:
        return report.values
    return {TO_2005.get(code, code): suffixes for code, suffixes in report.values.items()}


def _items(report: Report) -> dict[str, str]:
    if report.cn == "2081" and report.data_time is not None:
        return {"RestartTime": text_of(report.data_time)}
    return dict(report.other)


def _flip_digit(frame: bytes) -> bytes:
    """One digit of the first value arrives as another: right in length, wrong in sum."""
    found = re.search(rb"-(?:Rtd|Cou|Min|Avg)=(\d)", frame)
    place = found.start(1) if found else frame.index(b"CN=") + 3
    return frame[:place] + b"%d" % ((int(frame[place : place + 1]) + 1) % 10) + frame[place + 1 :]


def _cut(frame: bytes) -> bytes:
    """The last third never arrives."""
    return frame[: len(frame) * 2 // 3] + END


DAMAGES: dict[str, Callable[[bytes], bytes]] = {"digit": _flip_digit, "cut": _cut}
"""What happens to bytes on the way, by name; ``modbus`` is no damage on the way but a wrong sum from the start."""
