import pytest
from prometheus_client import CollectorRegistry

from emissions.finding import Rejected
from streams.metrics import Metrics

JUDGING = {"stage": "judging", "topic": "cems.packets"}


@pytest.fixture
def registry():
    return CollectorRegistry()


@pytest.fixture
def metrics(registry):
    return Metrics(registry)


def of(registry, name, **labels):
    return registry.get_sample_value(f"stackwatch_worker_{name}", labels)


def test_offsets_and_lag_are_shown_for_each_partition(metrics, registry):
    metrics.offsets("judging", "cems.packets", {0: 7, 1: 9}, {0: 12, 1: 8})
    assert of(registry, "committed_offset", partition="0", **JUDGING) == 7
    assert of(registry, "partition_lag", partition="0", **JUDGING) == 5
    assert of(registry, "partition_lag", partition="1", **JUDGING) == 0


def test_a_partition_that_went_to_another_worker_is_shown_no_more(metrics, registry):
    metrics.offsets("judging", "cems.packets", {0: 7, 1: 9}, {})
    metrics.offsets("judging", "cems.packets", {1: 10}, {1: 10})
    assert of(registry, "committed_offset", partition="0", **JUDGING) is None
    assert of(registry, "committed_offset", partition="1", **JUDGING) == 10


def test_partitions_without_a_known_end_have_no_lag(metrics, registry):
    metrics.offsets("judging", "cems.packets", {0: 7}, {})
    metrics.offsets("judging", "cems.packets", {}, {})
    assert of(registry, "partition_lag", partition="0", **JUDGING) is None


def test_refused_lines_are_counted_by_reason(metrics, registry):
    stage = metrics.stage("judging")
    rejected = Rejected(reason="crc", mn="", received_at=None, line="")
    stage.took(3, [rejected, rejected])
    stage.quarantined("bad_line")
    assert of(registry, "quarantined_total", stage="judging", reason="crc") == 2
    assert of(registry, "quarantined_total", stage="judging", reason="bad_line") == 1
    assert of(registry, "outputs_total", stage="judging", kind="rejected") == 2
    assert of(registry, "lines_total", stage="judging") == 3
