"""The Kafka topics, one declaration each. Manifests, processes and documents are checked against this file."""

from dataclasses import dataclass
from zlib import crc32

SHARDS = 64
"""Outlets are spread over this many shards; a shard is the unit of state and of order."""

DAY_MS = 86_400_000

COMPACTION_LAG_MS = 30 * DAY_MS
"""How long a compacted topic keeps everything. A reader may be away so long and lose nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One topic: what its key is, how many partitions it has and how long it keeps what it gets."""

    name: str
    key: str
    """What the key of a message means."""
    partitions: int
    retention_ms: int | None
    """None: kept for ever, the newest value of each key (compacted)."""

    @property
    def config(self) -> dict[str, str]:
        """The broker's settings for the topic."""
        if self.retention_ms is None:
            # One message holds many rates of its county: nothing may be compacted before everybody has read it.
            return {"cleanup.policy": "compact", "min.compaction.lag.ms": str(COMPACTION_LAG_MS)}
        return {"cleanup.policy": "delete", "retention.ms": str(self.retention_ms)}


PACKETS = Topic(name="cems.packets", key="shard of the MN", partitions=4, retention_ms=400 * DAY_MS)
QUARANTINE = Topic(name="cems.quarantine", key="MN", partitions=1, retention_ms=400 * DAY_MS)
READINGS = Topic(name="cems.readings", key="outlet", partitions=4, retention_ms=7 * DAY_MS)
HOURS = Topic(name="cems.hours", key="county", partitions=4, retention_ms=400 * DAY_MS)
FINDINGS = Topic(name="cems.findings", key="county", partitions=4, retention_ms=400 * DAY_MS)
RATES = Topic(name="cems.rates", key="county", partitions=4, retention_ms=None)
CITY = Topic(name="cems.city", key="city", partitions=1, retention_ms=7 * DAY_MS)
"""County rates again, keyed by city, so that one place can add them up."""
ALERTS = Topic(name="cems.alerts", key="county", partitions=1, retention_ms=400 * DAY_MS)
ROLLCALL = Topic(name="cems.rollcall", key="'rollcall'", partitions=1, retention_ms=None)
"""How far the roll call has come, in all and for each outlet: compacted values."""

COUNTS = Topic(name="cems.counts", key="outlet", partitions=4, retention_ms=7 * DAY_MS)
"""What each stage says of the numbered lines that it has taken in."""
ACCOUNT = Topic(name="cems.account", key="county", partitions=4, retention_ms=400 * DAY_MS)
"""Lines of the conservation account."""

TOPICS: tuple[Topic, ...] = (
    PACKETS,
    QUARANTINE,
    READINGS,
    HOURS,
    FINDINGS,
    RATES,
    CITY,
    ALERTS,
    ROLLCALL,
    COUNTS,
    ACCOUNT,
)


def shard_of(mn: str) -> int:
    """The shard of a logger, or of an outlet's id where no logger exists. 0 ≤ shard < ``SHARDS``."""
    return crc32(mn.encode()) % SHARDS


def shard_key(mn: str) -> bytes:
    """Message key of the shard."""
    return str(shard_of(mn)).encode()


def shard_partition(mn: str) -> int:
    """Partition of ``cems.packets`` that holds a logger's lines: decided here, not by a client's hash."""
    return shard_of(mn) % PACKETS.partitions


def county_partition(county: str) -> int:
    """Partition of ``cems.hours`` and of every other topic keyed by county."""
    return crc32(county.encode()) % HOURS.partitions
