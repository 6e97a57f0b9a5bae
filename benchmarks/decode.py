"""How fast ``stackwatch decode`` is, from lines in to JSON lines out: packets a second on one core."""

import io
import time
from pathlib import Path

from hj212.crc import CrcProfile
from stackwatch.verbs.decode import decoded_lines

GOLDEN = Path(__file__).parents[1] / "tests" / "golden" / "hj212"
PACKETS = ("2017-realtime-2011", "2017-hour-2061-part-1-of-2", "2005-realtime-2011", "2025-backfilled-hour-2061")
REPEAT = 15_000
ROUNDS = 3


def measure() -> dict[str, float]:
    """Best of several rounds."""
    frames = [(GOLDEN / f"{name}.txt").read_bytes() for name in PACKETS]
    feed = b"".join(frames) * REPEAT
    best = min(_seconds(feed) for _ in range(ROUNDS))
    packets = len(frames) * REPEAT
    return {
        "decode_packets_per_s": round(packets / best),
        "decode_us_per_packet": round(1e6 * best / packets, 2),
        "decode_mb_per_s": round(len(feed) / best / 1e6, 1),
    }


def _seconds(feed: bytes) -> float:
    source, sink = io.BytesIO(feed), io.BytesIO()
    start = time.perf_counter()
    for line in decoded_lines(source, crc=CrcProfile.STANDARD, key=None):
        sink.write(line)
        sink.write(b"\n")
    return time.perf_counter() - start


if __name__ == "__main__":
    for name, value in measure().items():
        print(f"{name:24} {value:>12,}")
