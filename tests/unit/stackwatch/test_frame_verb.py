"""``stackwatch frame``: what a person types becomes a frame that is accepted."""

import pytest

from hj212.decode import decode
from hj212.message import Message
from stackwatch.cli import run


def test_a_typed_frame_is_accepted(capfdbinary):
    code = run(
        ["frame", "--mn", "M1", "--cn", "2061", "--data-time", "20261124100000", "a21026-Avg=1.5", "a21026-Flag=N"]
    )
    frame = capfdbinary.readouterr().out
    decoded = decode(frame)
    assert code == 0
    assert isinstance(decoded, Message)
    assert (decoded.cn, decoded.mn, decoded.data_time) == ("2061", "M1", "20261124100000")
    assert decoded.values == {"a21026": {"Avg": "1.5", "Flag": "N"}}
    assert frame.endswith(b"\r\n")


@pytest.mark.parametrize(
    "options",
    [
        pytest.param(["--mn", "M1", "a21026"], id="no value"),
        pytest.param(["--mn", "M1", "--data-time", "now", "a-Rtd=1"], id="no moment"),
        pytest.param(["--mn", "M1", "--cn", "1", "a-Rtd=1"], id="no command"),
        pytest.param(["--mn", "M;1", "a-Rtd=1"], id="an MN that breaks the frame"),
        pytest.param(["a-Rtd=1"], id="no MN"),
    ],
)
def test_what_is_wrong_is_one_line_and_exit_code_2(options, capfdbinary):
    assert run(["frame", *options]) == 2
    out, err = capfdbinary.readouterr()
    assert out == b""
    assert len(err.splitlines()) == 1
