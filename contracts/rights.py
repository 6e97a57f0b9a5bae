"""What each process may do in Kafka, and no more: one declaration from which users and rights are made everywhere.

A process logs in under its own name. What is not listed is refused by the brokers.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from contracts.topics import (
    ACCOUNT,
    ALERTS,
    CITY,
    COUNTS,
    FINDINGS,
    HOURS,
    PACKETS,
    QUARANTINE,
    RATES,
    READINGS,
    ROLLCALL,
    TOPICS,
    Topic,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """The rights of one process."""

    reads: tuple[Topic, ...] = ()
    writes: tuple[Topic, ...] = ()
    groups: tuple[str, ...] = ()
    """Consumer groups that it is a member of."""
    state: str = ""
    """Prefix of the topics that hold its own state, which it makes itself; empty: it has none."""

    @property
    def topics(self) -> tuple[Topic, ...]:
        """All declared topics that it touches, in the order of their declaration."""
        return tuple(topic for topic in TOPICS if topic in self.reads or topic in self.writes)


RIGHTS: Mapping[str, Rights] = {
    "gateway": Rights(writes=(PACKETS, QUARANTINE)),
    "rollcall": Rights(reads=(ROLLCALL,), writes=(PACKETS, ROLLCALL)),
    "worker": Rights(
        reads=(PACKETS, HOURS, CITY, READINGS, RATES, COUNTS, ACCOUNT),
        writes=(READINGS, HOURS, RATES, FINDINGS, CITY, QUARANTINE, COUNTS, ACCOUNT),
        groups=("stackwatch-worker", "stackwatch-storing"),
        state="stackwatch-worker-",
    ),
    "alerts": Rights(reads=(FINDINGS,), writes=(ALERTS, QUARANTINE), groups=("stackwatch-alerts",)),
    "web": Rights(reads=(PACKETS, FINDINGS, QUARANTINE, HOURS, READINGS, RATES, ALERTS), writes=(PACKETS,)),
}
"""Process, by the verb that starts it, to its rights. The relay does not speak to Kafka."""


def topics_of(process: str) -> tuple[Topic, ...]:
    """The topics that a process looks for when it starts. It may not even see the others."""
    return RIGHTS[process].topics


@dataclass(frozen=True, slots=True, order=True)
class Right:
    """One right in Kafka's own words."""

    resource: str
    """``topic`` or ``group``."""
    name: str
    operation: str
    """``Read``, ``Write``, ``Describe``, ``Create``."""
    prefixed: bool = False
    """Whether ``name`` is only how the names begin."""


def rights_of(process: str) -> list[Right]:
    """The rights of a process one by one, sorted. To read or to write a topic includes to describe it.

    The topics must exist: none but those of its state may a process make.
    """
    given = RIGHTS[process]
    found = [Right("topic", topic.name, "Read") for topic in given.reads]
    found += [Right("topic", topic.name, "Write") for topic in given.writes]
    found += [Right("group", group, "Read") for group in given.groups]
    if given.state:
        # Create is asked of the topic itself where it is not given for the whole cluster.
        found += [
            Right("topic", given.state, operation, prefixed=True)
            for operation in ("Create", "Describe", "DescribeConfigs", "Read", "Write")
        ]
    return sorted(found)
