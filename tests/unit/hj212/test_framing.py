"""Frames out of streams and payloads."""

import pytest

from hj212.encode import message
from hj212.framing import LIMIT, Framer, split

MN = "010000A8900016F000169DC0"


def made(number: int, key: bytes | None = None) -> bytes:
    return message(
        qn=f"2026112411000500{number}",
        st="31",
        cn="2061",
        mn=MN,
        flag=9 if key else 5,
        data_time="20261124100000",
        values={"a21026": {"Avg": f"{number}.5", "Flag": "N"}},
        key=key,
    )


A, B, C = (made(n) for n in (1, 2, 3))
E = made(4, b"0" * 16)

H = message(
    st="31", cn="3020", mn=MN, flag=4, data_time="20261124100000", values={"i11001": {"Info": "//pump ##0442 off//"}}
)


def bare(*frames: bytes) -> list[bytes]:
    return [frame.removesuffix(b"\r\n") for frame in frames]


@pytest.mark.parametrize(
    ("stream", "frames"),
    [
        pytest.param(A + B, bare(A, B), id="one behind the other"),
        pytest.param(b"".join(bare(A, B, C)), bare(A, B, C), id="glued without line ends"),
        pytest.param(b"noise\r\n" + A + b"\x00\xff noise" + B, bare(A, B), id="garbage between"),
        pytest.param(A + A, bare(A, A), id="the same frame twice"),
        pytest.param(E + A, bare(E, A), id="an encrypted frame ends at its line end and not at its length"),
        pytest.param(A + E + B, bare(A, E, B), id="an encrypted frame between plain ones"),
        pytest.param(A[:60] + b"\r\n" + B, [A[:60], *bare(B)], id="a halved frame is given back and costs no other"),
        pytest.param(A[:60] + B + C, [A[:60], *bare(B, C)], id="half a frame and the next one glued to it"),
        pytest.param(b"##12x4zzz\r\n" + A, [b"##12x4zzz", *bare(A)], id="a bad length field"),
        pytest.param(b"#" + A, bare(A), id="a single # before"),
        pytest.param(bare(A)[0] + E + B, bare(A, E, B), id="an encrypted frame glued to a plain one"),
        pytest.param(A[:60] + E + B, [A[:60], *bare(E, B)], id="half a frame and an encrypted one glued to it"),
        pytest.param(E[:200] + B, [E[:200], *bare(B)], id="half an encrypted frame and the next one glued to it"),
        pytest.param(bare(E)[0] + b"\n" + A, bare(E, A), id="an encrypted frame that ends with LF alone"),
        pytest.param(bare(A)[0] + b"\n" + bare(B)[0] + b"\r", bare(A, B), id="LF and CR alone"),
        pytest.param(
            b"##9999" + A[6:] + B, [b"##9999" + bare(A)[0][6:], *bare(B)], id="a length too long costs no other"
        ),
        pytest.param(
            b"##0020" + A[6:] + B,
            [b"##0020" + bare(A)[0][6:], *bare(B)],
            id="a length too short costs no other",
        ),
        pytest.param(A[:-6] + b"ZZZZ\r\n" + B, [A[:-6] + b"ZZZZ", *bare(B)], id="a checksum that is no number"),
        pytest.param(H, bare(H), id="a value that looks like a header"),
        pytest.param(b"\r\n\r\n" + A + b"\r\n", bare(A), id="empty lines"),
    ],
)
def test_frames_of_a_stream(stream, frames):
    assert Framer().feed(stream) == frames
    piecemeal = Framer()
    assert [f for byte in stream for f in piecemeal.feed(bytes([byte]))] == frames


def test_half_a_frame_waits_for_its_other_half():
    framer = Framer()
    assert framer.feed(A[:50]) == []
    assert framer.feed(A[50:]) == bare(A)


def test_garbage_is_counted_and_never_piles_up():
    framer = Framer()
    for _ in range(100):
        assert framer.feed(b"x" * 10_000) == []
    assert framer.garbage == 1_000_000
    assert framer.feed(A) == bare(A)


def test_a_header_with_nothing_behind_it_does_not_pile_up():
    framer = Framer()
    given = [piece for _ in range(100) for piece in framer.feed(b"##xxxx" + b"y" * 10_000)]
    assert given
    assert max(map(len, given)) < 100_000


def test_what_is_left_when_a_connection_ends_is_given_back():
    framer = Framer()
    assert framer.feed(A + B[:50]) == bare(A)
    assert framer.close() == [B[:50]]
    assert framer.close() == []
    assert framer.feed(C) == bare(C)


def test_line_ends_between_frames_are_no_garbage():
    framer = Framer()
    framer.feed(b"\r\n" + A + b"\r\n\n" + B)
    assert framer.garbage == 0
    framer.feed(b"abc\r\n" + C)
    assert framer.garbage == 3


def test_a_backlog_is_cut_in_one_go():
    frames = Framer().feed(A * 20_000)
    assert len(frames) == 20_000
    assert set(frames) == set(bare(A))


@pytest.mark.parametrize("step", [1000, 8191, 2 * LIMIT])
def test_what_never_ends_is_cut_at_the_limit_however_it_comes(step):
    stream = b"##0009" + b"x" * (2 * LIMIT) + b"\n" + A
    framer, given = Framer(), []
    for at in range(0, len(stream), step):
        given += framer.feed(stream[at : at + step])
    assert [len(piece) for piece in given] == [LIMIT, len(bare(A)[0])]
    assert framer.garbage == LIMIT + 6


@pytest.mark.parametrize(
    ("payload", "pieces"),
    [
        pytest.param(A, bare(A), id="one frame"),
        pytest.param(A + B, bare(A, B), id="two frames"),
        pytest.param(b"".join(bare(A, B)), bare(A, B), id="two frames glued"),
        pytest.param(b"rubbish", [b"rubbish"], id="no frame at all is a piece"),
        pytest.param(A + b"rubbish\r\n" + B, [*bare(A), b"rubbish", *bare(B)], id="rubbish between is a piece"),
        pytest.param(b"", [b""], id="an empty payload is one empty piece"),
        pytest.param(E, bare(E), id="an encrypted frame"),
        pytest.param(A[:40], [A[:40]], id="half a frame"),
        pytest.param(b"\r\n", [b"\r\n"], id="nothing but a line end"),
        pytest.param(b"\r\n" + A + b"\r\n\r\n", bare(A), id="empty lines around a frame"),
        pytest.param(A + B[:40], [*bare(A), B[:40]], id="a frame and half of the next"),
        pytest.param(A[:40] + B, [A[:40], *bare(B)], id="half a frame and a whole one"),
        pytest.param(bare(A)[0] + E + B, bare(A, E, B), id="an encrypted frame between plain ones"),
    ],
)
def test_pieces_of_a_payload(payload, pieces):
    assert split(payload) == pieces
