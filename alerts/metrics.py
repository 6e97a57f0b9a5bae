"""What the alert process counts for Prometheus."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge

DELIVERED, FAILED, GIVEN_UP = "delivered", "failed", "given_up"
"""Outcomes of one attempt to deliver one letter."""


class AlertMetrics:
    """All series of one alert process; ``destination`` is kafka, mqtt or ``channel:<name>``."""

    def __init__(self, registry: CollectorRegistry = REGISTRY) -> None:
        """Counters in a registry of one's own do not meet those of another service in the same process."""
        destination = ["destination"]
        self.consumed = Counter(
            "stackwatch_alerts_consumed", "Lines of cems.findings taken in.", ["kind"], registry=registry
        )
        self.quarantined = Counter(
            "stackwatch_alerts_quarantined", "Lines put into cems.quarantine.", ["reason"], registry=registry
        )
        self.events = Counter(
            "stackwatch_alerts_events",
            "What happened to alerts and cases, as published to cems.alerts: raised, ended, escalated.",
            ["kind", "event"],
            registry=registry,
        )
        self.deliveries = Counter(
            "stackwatch_alerts_deliveries",
            "Attempts to deliver a letter: delivered, failed, given_up.",
            ["destination", "outcome"],
            registry=registry,
        )
        self.lag = Gauge("stackwatch_alerts_lag", "Messages of cems.findings not committed yet.", registry=registry)
        self.still = Gauge(
            "stackwatch_alerts_still_seconds",
            "How long messages have waited and none was committed.",
            registry=registry,
        )
        self.kafka_silent = Gauge(
            "stackwatch_alerts_kafka_silent_seconds", "Time since Kafka last answered.", registry=registry
        )
        self.database_failures = Counter(
            "stackwatch_alerts_database_failures", "Times that the database did not answer.", registry=registry
        )
        self._committed = Gauge(
            "stackwatch_alerts_committed_offset", "Next offset after a restart.", ["partition"], registry=registry
        )
        self._waiting = Gauge("stackwatch_alerts_outbox_waiting", "Letters to send.", destination, registry=registry)
        self._oldest = Gauge(
            "stackwatch_alerts_outbox_age_seconds", "Age of the oldest letter to send.", destination, registry=registry
        )
        self._partitions: set[int] = set()
        self._destinations: set[str] = set()

    def offsets(self, committed: Mapping[int, int]) -> None:
        """Committed offsets of the partitions that are ours; of others nothing is shown any more."""
        for partition, offset in committed.items():
            self._committed.labels(str(partition)).set(offset)
        for partition in self._partitions - committed.keys():
            self._committed.remove(str(partition))
        self._partitions = set(committed)

    def outbox(self, waiting: Mapping[str, tuple[int, datetime]], *, known: Iterable[str], now: datetime) -> None:
        """Letters that wait, by destination: how many, and since when the oldest does. ``now`` is real time."""
        destinations = {*known, *waiting, *self._destinations}
        for destination in destinations:
            many, since = waiting.get(destination, (0, now))
            self._waiting.labels(destination).set(many)
            self._oldest.labels(destination).set(max(0.0, (now - since).total_seconds()))
        self._destinations = destinations
