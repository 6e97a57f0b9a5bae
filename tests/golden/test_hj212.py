"""Golden packets of each edition and command: what ``stackwatch decode`` prints for them, to the letter."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from stackwatch.verbs.decode import command

FOLDER = Path(__file__).parent / "hj212"
PACKETS = sorted(FOLDER.glob("*.txt"))


def printed(path: Path, *options: str) -> dict[str, object]:
    result = CliRunner().invoke(command, [*options, str(path)])
    assert result.exit_code == 0, result.output
    (line,) = result.output.splitlines()
    return json.loads(line)


@pytest.mark.parametrize("path", PACKETS, ids=lambda p: p.stem)
def test_golden_packet(path):
    assert printed(path) == json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))


def test_the_key_opens_the_encrypted_packet():
    line = printed(FOLDER / "2025-encrypted-realtime-2011.txt", "--key", "30" * 16)
    assert line["accepted"]
    assert line["values"] == {"a34013": {"Rtd": "12.34"}}


def test_the_modbus_profile_accepts_a_modbus_packet():
    assert printed(FOLDER / "refused-modbus-checksum.txt", "--profile", "modbus-crc")["accepted"]


def test_fields_stand_in_the_order_of_the_interface():
    line = printed(FOLDER / "2017-realtime-2011.txt")
    assert list(line) == [
        "accepted", "reason", "qn", "st", "cn", "pw", "mn", "flag", "pnum", "pno", "rf",
        "data_time", "values", "other", "crc",
    ]  # fmt: skip


def test_bad_lines_stop_nothing(tmp_path):
    feed = tmp_path / "frames.txt"
    good = (FOLDER / "2017-realtime-2011.txt").read_bytes().rstrip()
    feed.write_bytes(b"rubbish\r\n" + good + b"\r\n\n\xff\xfe##\n" + good)
    result = CliRunner().invoke(command, [str(feed)])
    assert [json.loads(line)["accepted"] for line in result.output.splitlines()] == [False, True, False, True]


def test_standard_input_is_read_too():
    good = (FOLDER / "2017-realtime-2011.txt").read_bytes()
    result = CliRunner().invoke(command, ["-"], input=good)
    assert json.loads(result.output)["cn"] == "2011"
