import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.bundles import Bundles
from ingest.ticket import Ticket


def ticket(done=None, records=1):
    return Ticket(records, lambda: done.append(1) if done is not None else None)


def test_lines_of_a_shard_travel_together_in_their_order():
    bundles = Bundles()
    for line in (b"a", b"b", b"c"):
        bundles.add(7, line, ticket())
    bundles.add(8, b"x", ticket())
    assert bundles.ready() == [7, 8]
    assert bundles.take(7).value == b"a\nb\nc"


def test_a_shard_has_one_bundle_out_at_a_time():
    bundles = Bundles()
    bundles.add(7, b"a", ticket())
    first = bundles.take(7)
    bundles.add(7, b"b", ticket())
    assert bundles.ready() == []
    assert bundles.take(7) is None
    bundles.back(first)
    assert bundles.take(7).value == b"b"


def test_a_full_bundle_is_reported_and_not_exceeded():
    bundles = Bundles(max_lines=2)
    assert [bundles.add(1, line, ticket()) for line in (b"a", b"b", b"c")] == [False, True, True]
    bundle = bundles.take(1)
    assert bundle.value == b"a\nb"
    bundles.back(bundle)
    assert bundles.take(1).value == b"c"


def test_a_line_larger_than_a_bundle_travels_alone():
    bundles = Bundles(max_bytes=5)
    for line in (b"a", b"x" * 20, b"b"):
        bundles.add(1, line, ticket())
    values = []
    while (bundle := bundles.take(1)) is not None:
        values.append(bundle.value)
        bundles.back(bundle)
    assert values == [b"a", b"x" * 20, b"b"]


def test_a_payload_is_acknowledged_once_when_its_last_line_is_safe():
    done, bundles = [], Bundles()
    both = ticket(done, records=2)
    bundles.add(1, b"a", both)
    bundles.add(2, b"b", both)
    bundles.back(bundles.take(1))
    assert done == []
    bundles.back(bundles.take(2))
    assert done == [1]


def test_a_payload_without_records_cannot_be():
    with pytest.raises(ValueError, match="never be acknowledged"):
        ticket(records=0)


@given(
    st.lists(st.tuples(st.integers(0, 3), st.binary(min_size=1, max_size=9).map(bytes.hex)), max_size=60),
    st.integers(1, 4),
    st.integers(1, 30),
)
def test_nothing_is_lost_doubled_or_out_of_order(lines, max_lines, max_bytes):
    done, bundles, out = [], Bundles(max_lines=max_lines, max_bytes=max_bytes), {}
    for shard, line in lines:
        bundles.add(shard, line.encode(), ticket(done))
    while ready := bundles.ready():
        for shard in ready:
            bundle = bundles.take(shard)
            out.setdefault(shard, []).extend(bundle.value.decode().split("\n"))
            bundles.back(bundle)
    expected = {}
    for shard, line in lines:
        expected.setdefault(shard, []).append(line)
    assert out == expected
    assert len(done) == len(lines)
