"""What the worker counts for Prometheus."""

from collections import Counter as Tally
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram

from contracts.codec import Message
from emissions.conservation import RULE as ACCOUNT_GAP
from emissions.finding import Finding, Rejected

Place = tuple[str, str, str]
"""Stage, topic and partition, as label values."""


class Metrics:
    """All series of a worker; ``stage`` is the name of the agent."""

    def __init__(self, registry: CollectorRegistry = REGISTRY) -> None:
        stage = ["stage"]
        self.lines = Counter("stackwatch_worker_lines", "Lines taken in.", stage, registry=registry)
        self.outputs = Counter(
            "stackwatch_worker_outputs", "Lines that followed.", ["stage", "kind"], registry=registry
        )
        self.checkpoint_seconds = Histogram(
            "stackwatch_worker_checkpoint_seconds",
            "Time to confirm outputs and write state.",
            stage,
            registry=registry,
        )
        self.stored = Counter("stackwatch_worker_points_stored", "Points that the store has.", stage, registry=registry)
        self.store_failures = Counter(
            "stackwatch_worker_store_failures",
            "Writes that the store could not take (later) or would not take (never).",
            ["stage", "until"],
            registry=registry,
        )
        self.quarantined = Counter(
            "stackwatch_worker_quarantined", "Lines put into cems.quarantine.", ["stage", "reason"], registry=registry
        )
        self.skipped = Counter(
            "stackwatch_worker_skipped_messages",
            "Messages that are gone and were never read.",
            stage,
            registry=registry,
        )
        self.gaps = Counter(
            "stackwatch_worker_account_gaps",
            "Holes in the account, each time one is found or changes.",
            registry=registry,
        )
        self.held = Gauge("stackwatch_worker_held_events", "Messages not acknowledged yet.", stage, registry=registry)
        self.lag = Gauge("stackwatch_worker_lag", "Messages not committed yet.", stage, registry=registry)
        self.still = Gauge(
            "stackwatch_worker_still_seconds",
            "How long messages have waited and none was committed.",
            stage,
            registry=registry,
        )
        self.acknowledged_timestamp = Gauge(
            "stackwatch_worker_acknowledged_timestamp_seconds",
            "When Kafka got the message acknowledged last.",
            stage,
            registry=registry,
        )
        self.kafka_silent = Gauge(
            "stackwatch_worker_kafka_silent_seconds", "Time since Kafka last answered.", registry=registry
        )
        place = ["stage", "topic", "partition"]
        self._committed = Gauge(
            "stackwatch_worker_committed_offset", "Next offset after a restart.", place, registry=registry
        )
        self._partition_lag = Gauge(
            "stackwatch_worker_partition_lag", "Messages not committed yet, by partition.", place, registry=registry
        )
        self._places: dict[str, set[Place]] = {}

    def offsets(self, stage: str, topic: str, committed: Mapping[int, int], ends: Mapping[int, int]) -> None:
        """Committed and end offsets of the partitions that are ours; of others nothing is shown any more."""
        ours: set[Place] = set()
        for partition, offset in committed.items():
            place = (stage, topic, str(partition))
            ours.add(place)
            self._committed.labels(*place).set(offset)
            if (end := ends.get(partition)) is not None:
                self._partition_lag.labels(*place).set(max(0, end - offset))
        for place in self._places.get(stage, set()) - ours:
            self._committed.remove(*place)
            self._partition_lag.remove(*place)
        self._places[stage] = ours

    def stage(self, name: str) -> "StageMetrics":
        """The series of one stage."""
        return StageMetrics(self, name)


class StageMetrics:
    """The series of one stage, labels filled in."""

    def __init__(self, metrics: Metrics, name: str) -> None:
        self._name = name
        self._metrics = metrics
        self._lines = metrics.lines.labels(name)

    def took(self, lines: int, outputs: Sequence[Message]) -> None:
        """So many lines were taken in, and these followed from them."""
        self._lines.inc(lines)
        for kind, many in Tally(output.kind for output in outputs).items():
            self._metrics.outputs.labels(self._name, kind).inc(many)
        for output in outputs:
            if isinstance(output, Rejected):
                self.quarantined(output.reason)
            elif isinstance(output, Finding) and output.rule == ACCOUNT_GAP and output.to is None:
                self._metrics.gaps.inc()

    def quarantined(self, reason: str) -> None:
        """A line was put aside."""
        self._metrics.quarantined.labels(self._name, reason).inc()

    def skipped(self, messages: int) -> None:
        """So many messages were never read."""
        self._metrics.skipped.labels(self._name).inc(messages)

    def checkpoint(self) -> AbstractContextManager[object]:
        """Times the block, which makes a checkpoint."""
        return self._metrics.checkpoint_seconds.labels(self._name).time()

    def stored(self, points: int) -> None:
        """The store has these points."""
        self._metrics.stored.labels(self._name).inc(points)

    def failed(self, until: str) -> None:
        """The store did not take a write: ``later`` it will, or ``never``."""
        self._metrics.store_failures.labels(self._name, until).inc()
