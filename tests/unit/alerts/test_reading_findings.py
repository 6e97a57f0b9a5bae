import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.consuming import read
from contracts.codec import bundle, encode
from emissions.event import Due
from emissions.finding import Case, Finding
from tests.unit.alerts.scene import T0, exceedance, low_rate


def test_a_bundle_gives_its_findings_and_cases_in_order() -> None:
    lines = [exceedance(1), low_rate("2026-10"), exceedance(2)]
    assert read([bundle(lines[:2]), encode(lines[2])]) == (lines, [])


@pytest.mark.parametrize(
    ("line", "reason", "says"),
    [
        pytest.param(b"{", "undecodable", "truncated", id="no JSON"),
        pytest.param(b'{"kind": "finding"}', "undecodable", "from_", id="a field is missing"),
        pytest.param(b'{"kind": "weather"}', "undecodable", "weather", id="an unknown kind"),
        pytest.param(encode(Due(outlet="o1", mn="m", hour=T0)), "unusable", "due", id="a kind of another topic"),
        pytest.param(b"\xff\xfe{}", "undecodable", "", id="no UTF-8"),
        pytest.param(b'{"kind":"case","id":"\xff"}', "undecodable", "utf-8", id="no UTF-8 in a field"),
        pytest.param(b'{"kind":"case","x":' + b"[" * 100_000, "undecodable", "recursion", id="nested without end"),
    ],
)
def test_what_is_neither_is_kept_whole_with_its_reason(line: bytes, reason: str, says: str) -> None:
    messages, (rejected,) = read([b"\n".join([line, encode(exceedance())])])
    assert messages == [exceedance()]
    assert (rejected.reason, says in rejected.detail) == (reason, True)
    assert rejected.line == line.decode("utf-8", "backslashreplace")


@given(st.lists(st.binary()))
def test_no_bytes_stop_the_reading(payloads: list[bytes]) -> None:
    messages, rejected = read(payloads)
    lines = [line for payload in payloads for line in payload.split(b"\n") if line.strip()]
    assert len(messages) + len(rejected) == len(lines)
    assert all(isinstance(message, Finding | Case) for message in messages)
