"""Lines of findings and cases with and without a revision."""

from dataclasses import replace

import msgspec
import pytest

from contracts.codec import decode, encode
from tests.unit.streams.test_routes import CASE, FINDING


@pytest.mark.parametrize("message", [FINDING, CASE], ids=["a finding", "a case"])
@pytest.mark.parametrize("revision", [0, 1_795_600_000_000])
def test_a_revision_is_written_where_there_is_one_and_read_back(message, revision):
    line = encode(replace(message, revision=revision))
    assert ("revision" in msgspec.json.decode(line)) is bool(revision)
    assert decode(line) == replace(message, revision=revision)
