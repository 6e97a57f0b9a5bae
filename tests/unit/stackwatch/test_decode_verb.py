"""``stackwatch decode``: lines in, JSON lines out, whatever the lines are."""

import contextlib
import io
import json
import subprocess
import sys

import pytest

from hj212.encode import message
from stackwatch.cli import run
from stackwatch.verbs.decode import batches

MN = "010000A8900016F000169DC0"
FRAME = message(
    qn="20261124110005001",
    st="31",
    cn="2061",
    mn=MN,
    flag=5,
    data_time="20261124100000",
    values={"a21026": {"Avg": "12.30", "Flag": "N"}},
)
# fmt: off
FIELDS = [
    "accepted", "reason", "qn", "st", "cn", "pw", "mn", "flag", "pnum", "pno", "rf",
    "data_time", "values", "other", "crc",
]
# fmt: on


class Dribble(io.BytesIO):
    """Gives out what it holds in pieces of a few bytes, as a pipe may."""

    def read1(self, size=-1, /):
        return super().read1(7)


def lines_of(batch_list):
    return [line for batch in batch_list for line in batch]


def test_lines_are_the_same_however_they_come_in():
    feed = b"one\r\n\ntwo\nthree"
    assert lines_of(batches(Dribble(feed))) == lines_of(batches(io.BytesIO(feed))) == [b"one\r", b"", b"two", b"three"]


@pytest.mark.parametrize("end", [b"", b"\n", b"\nlast\n"], ids=["no line end", "a line end", "a line behind it"])
def test_a_line_without_end_is_cut_off_and_costs_no_other(end):
    got = lines_of(batches(io.BytesIO(b"first\n" + b"x" * 1_000_000 + end)))
    assert got[0] == b"first"
    assert len(got[1]) <= 200_000
    assert [line for line in got[2:] if line] == [line for line in [end.strip()] if line]


def test_each_line_is_decoded_and_none_stops_the_others(tmp_path, capfdbinary):
    file = tmp_path / "frames.txt"
    file.write_bytes(
        b"\n".join([FRAME.rstrip(), b"", b"rubbish \xff\x00", FRAME, b"##", FRAME.replace(b"12.30", b"12.31")])
    )
    assert run(["decode", str(file)]) == 0
    lines = [json.loads(line) for line in capfdbinary.readouterr().out.splitlines()]
    assert [line["reason"] for line in lines] == [None, "no_header", None, "bad_length_field", "crc"]
    assert all(list(line)[: len(FIELDS)] == FIELDS for line in lines)
    assert lines[-1]["values"] == {"a21026": {"Avg": "12.31", "Flag": "N"}}


def test_a_frame_in_another_charset_still_makes_a_line_of_json(tmp_path, capfdbinary):
    file = tmp_path / "frames.txt"
    file.write_bytes(FRAME.replace(b"12.30", "烟尘".encode("gbk")))
    assert run(["decode", str(file)]) == 0
    assert json.loads(capfdbinary.readouterr().out)["mn"] == MN


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(["nowhere.txt"], "nowhere.txt: cannot be read: No such file", id="a missing file"),
        pytest.param(["."], ".: cannot be read: Is a directory", id="a folder"),
        pytest.param(["--profile", "ccitt", "-"], "'standard', 'modbus-crc'", id="a profile that nobody has"),
        pytest.param(["--key", "zz", "-"], "32 hexadecimal digits", id="a key of two letters"),
        pytest.param(["--key", "00" * 15, "-"], "32 hexadecimal digits", id="a key that is too short"),
    ],
)
def test_what_cannot_work_is_one_line_and_exit_code_2(arguments, words, capfd):
    assert run(["decode", *arguments]) == 2
    said = capfd.readouterr()
    assert said.out == ""
    assert len(said.err.splitlines()) == 1
    assert words in said.err


def test_a_key_never_shows_up_in_what_is_said(capfd):
    assert run(["decode", "--key", "5EC12E7", "-"]) == 2
    assert "5EC12E7" not in capfd.readouterr().err


def test_a_live_feed_is_decoded_frame_by_frame_and_a_reader_that_leaves_is_no_error():
    with subprocess.Popen(
        [sys.executable, "-m", "stackwatch", "decode"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        for _ in range(2):
            process.stdin.write(FRAME)
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["accepted"]
        process.stdout.close()
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(FRAME * 1000)
            process.stdin.close()
        assert process.stderr.read() == b""
        assert process.wait(timeout=30) == 0
