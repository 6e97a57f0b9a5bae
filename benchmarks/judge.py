"""How fast the pure judging is: feed lines a second on one core, from JSON line to encoded outputs."""

import time
from datetime import datetime, timedelta
from pathlib import Path

from contracts.codec import encode
from contracts.feed import encode_line, packet_line
from emissions.beijing import BEIJING
from emissions.event import Due
from emissions.register import Register
from hj212.encode import message
from hj212.moments import qn_of, text_of
from rulebook.loader import load_rules
from rulebook.register import load_register
from streams.judge import Judge

HOURS = 24
MINUTE = timedelta(minutes=1)
REGISTER = Path(__file__).parents[1] / "rulebook" / "registers" / "example"


def measure() -> dict[str, float]:
    """One day of real-time, minute and hour packets of a register's outlets."""
    register, rules = load_register(REGISTER), load_rules()
    feed = list(_feed(register))
    judge = Judge(register, rules)
    start = time.perf_counter()
    outputs = sum(len(encode(output)) > 0 for line in feed for output in judge.line(line))
    seconds = time.perf_counter() - start
    start = time.perf_counter()
    segments = judge.dirty()
    return {
        "judge_lines_per_s": round(len(feed) / seconds),
        "judge_outputs_per_line": round(outputs / len(feed), 2),
        "checkpoint_ms": round(1e3 * (time.perf_counter() - start), 2),
        "checkpoint_kb": round(sum(len(packed) for _, packed in segments) / 1e3, 1),
    }


def _feed(register: Register) -> list[bytes]:
    begin = datetime(2026, 11, 2, tzinfo=BEIJING)
    lines: list[bytes] = []
    for hour in (begin + timedelta(hours=n) for n in range(HOURS)):
        for outlet in register.by_mn().values():
            lines += (_packet(outlet.mn, "2011", hour + n * MINUTE, hour + n * MINUTE) for n in range(60))
            lines += (_packet(outlet.mn, "2051", hour + n * MINUTE, hour + (n + 11) * MINUTE) for n in range(0, 60, 10))
            lines.append(_packet(outlet.mn, "2061", hour, hour + 65 * MINUTE))
            lines.append(encode(Due(outlet=outlet.id, mn=outlet.mn, hour=hour)))
    return lines


def _packet(mn: str, cn: str, at: datetime, received_at: datetime) -> bytes:
    plain = {"2011": ("Rtd", "ZsRtd")}.get(cn, ("Min", "Avg", "Max", "ZsAvg"))
    values = {code: dict.fromkeys(plain, "4.25") | {"Flag": "N"} for code in ("a34013", "a21026", "a21002")}
    values |= {code: {plain[0]: "6.1", "Avg": "6.1"} for code in ("a19001", "a01011", "a01012", "a01013", "a01014")}
    frame = message(qn=qn_of(at), st="31", cn=cn, mn=mn, flag=5, data_time=text_of(at), values=values)
    return encode_line(packet_line(received_at, mn, frame.rstrip(), "bench"))
