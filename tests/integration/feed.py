"""Many frames of a logger, and what of them stands in the feed."""

from contracts.feed import read_line
from tests.unit.ingest.town import MN, frame


def numbered(count, mn=MN):
    """Frames whose QN counts up, with times around eleven o'clock."""
    return [frame(mn=mn, qn=f"20261124110{n:06d}", at="20261124105900") for n in range(count)]


def frames_of(lines, mn=MN):
    packets = (read_line(line) for _, _, line in lines)
    return [line.frame_bytes for line in packets if line.kind == "packet" and line.mn == mn]


def first_of_each(frames):
    return list(dict.fromkeys(frames))


def cut(frames):
    return [each.rstrip(b"\r\n") for each in frames]
