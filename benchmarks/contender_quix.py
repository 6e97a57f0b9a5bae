"""The same job in Quix Streams: ``python -m benchmarks.contender_quix KAFKA REGISTER STATE_FOLDER``.

The fold and the routes are those of ``streams``; state is kept under the message's key, the shard, and written with
each message, since Quix lets a function touch state only there. Quix itself writes it to RocksDB and to its changelog
before it commits, every two seconds as the others do. A fold that is in memory is not unpacked again.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from quixstreams import Application
from quixstreams.models.serializers import Serializer

from contracts.codec import encode, unbundle
from contracts.topics import FINDINGS, HOURS, PACKETS, QUARANTINE, READINGS
from rulebook.loader import load_rules
from rulebook.register import load_register
from streams.judge import Judge
from streams.routes import Address, of_judging

GROUP = "bench-quix"
COMMIT_S = 2.0
SEGMENTS = "segments"
"""Names of all segments of a shard: state cannot be listed."""


class ShardedJudge:
    """One judge, whose segments lie in the state of their shard."""

    def __init__(self, register: Path) -> None:
        self._judge = Judge(load_register(register), load_rules())
        self._names: dict[str, dict[str, None]] = {}

    def fold(self, payload: bytes, key: str, _timestamp: Any, _headers: Any, state: Any) -> Iterator[dict[str, Any]]:
        """What follows from one message, bundled by address."""
        names = self._names.get(key)
        if names is None:
            names = self._names[key] = dict.fromkeys(state.get(SEGMENTS, []))
            self._judge.load((name, state.get_bytes(name)) for name in names)
        bundles: dict[Address, list[bytes]] = {}
        for line in unbundle(payload):
            for output in self._judge.line(line):
                encoded = encode(output)
                for address in of_judging(output):
                    bundles.setdefault(address, []).append(encoded)
        before = list(names)
        for name, packed in self._judge.dirty():
            if packed is None:
                state.delete(name)
                names.pop(name, None)
            else:
                state.set_bytes(name, packed)
                names[name] = None
        if list(names) != before:
            state.set(SEGMENTS, list(names))
        for address, lines in bundles.items():
            yield {"topic": address.topic, "key": address.key, "value": b"\n".join(lines)}


class _Payload(Serializer):
    """The bundle alone; topic and key stand beside it."""

    def __call__(self, value: dict[str, Any], ctx: Any) -> bytes:  # noqa: ARG002 - Quix names it
        payload: bytes = value["value"]
        return payload


def main(bootstrap: str, register: Path, state: Path) -> None:
    """Judge until killed."""
    app = Application(
        broker_address=bootstrap,
        consumer_group=GROUP,
        auto_offset_reset="earliest",
        commit_interval=COMMIT_S,
        state_dir=state,
        consumer_extra_config={"session.timeout.ms": 6000},
        loglevel="WARNING",
    )
    outputs = {
        topic.name: app.topic(topic.name, key_serializer="bytes", value_serializer=_Payload())
        for topic in (READINGS, HOURS, FINDINGS, QUARANTINE)
    }
    source = app.topic(PACKETS.name, key_deserializer="str", value_deserializer="bytes")
    judge = ShardedJudge(register)
    frame = app.dataframe(source).apply(judge.fold, stateful=True, expand=True, metadata=True)
    frame.to_topic(lambda value, *_: outputs[value["topic"]], key=lambda value: value["key"])
    app.run()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
