"""What the gateway counts, for Prometheus."""

from collections.abc import Callable

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge


class GatewayMetrics:
    """The counters of one gateway."""

    def __init__(self, registry: CollectorRegistry = REGISTRY) -> None:
        """Counters in a registry of one's own do not meet those of another gateway in the same process."""
        self.received = Counter("stackwatch_gateway_received", "MQTT messages taken over.", registry=registry)
        self.relayed = Counter("stackwatch_gateway_relayed", "Lines committed to cems.packets.", registry=registry)
        self.words = Counter(
            "stackwatch_gateway_words", "Words on numbered lines committed to cems.packets.", registry=registry
        )
        self.heartbeats = Counter("stackwatch_gateway_heartbeats", "Heartbeats among the lines.", registry=registry)
        self.quarantined = Counter(
            "stackwatch_gateway_quarantined", "Lines committed to cems.quarantine.", ["reason"], registry=registry
        )
        self.answered = Counter("stackwatch_gateway_answered", "Answers sent to loggers.", registry=registry)
        self.unanswered = Counter(
            "stackwatch_gateway_unanswered", "Answers that could not be sent; the logger asks again.", registry=registry
        )
        self.answers_waiting = Gauge(
            "stackwatch_gateway_answers_waiting",
            "Messages whose answers wait for the broker to keep up.",
            registry=registry,
        )
        self.acknowledged = Counter("stackwatch_gateway_acknowledged", "PUBACKs sent.", registry=registry)
        self.paced = Counter(
            "stackwatch_gateway_paced", "Messages that waited, since their logger sends too many.", registry=registry
        )
        self.flooded = Counter(
            "stackwatch_gateway_flooded",
            "Messages put into quarantine unseen, since too many of their logger wait already.",
            registry=registry,
        )
        self.in_flight = Gauge("stackwatch_gateway_in_flight", "Messages not acknowledged yet.", registry=registry)
        self.paused = Counter("stackwatch_gateway_paused", "Times that reading had to wait.", registry=registry)
        self.commit_age = Gauge(
            "stackwatch_gateway_commit_age_seconds", "Time since Kafka last committed something.", registry=registry
        )

    def watch_commits(self, age_s: Callable[[], float]) -> None:
        """Ask for the age at every scrape."""
        self.commit_age.set_function(age_s)
