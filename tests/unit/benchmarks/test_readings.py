from datetime import UTC, datetime

from benchmarks.readings import SIZE, first_moments, identity, record
from emissions.beijing import BEIJING

AT = datetime(2026, 11, 2, 8, tzinfo=BEIJING)


def test_a_reading_has_one_identity_in_every_zone_and_differs_from_its_neighbours():
    same = identity("P1-01", "2011", AT)
    assert identity("P1-01", "2011", AT.astimezone(UTC)) == same
    assert len({same, identity("P1-02", "2011", AT), identity("P1-01", "2061", AT)}) == 3


def test_the_first_moment_counts_and_a_half_written_record_does_not(tmp_path):
    log = tmp_path / "log"
    log.write_bytes(record(1.0, 5) + record(2.0, 6) + record(3.0, 5) + record(4.0, 7)[: SIZE - 1])
    assert first_moments(log) == {5: 1.0, 6: 2.0}
    assert first_moments(log, skip=1) == {6: 2.0, 5: 3.0}
