"""The same job as a plain aiokafka loop: ``python -m benchmarks.contender_plain KAFKA REGISTER``.

The fold, the outputs and their bundles are those of ``streams``. State goes to a compacted topic every two seconds,
then the offsets are committed; at the start all of the topic is read. One process only: it takes no part in rebalances.
"""

import asyncio
import sys
import time
from pathlib import Path

from aiokafka import AIOKafkaConsumer, TopicPartition

from contracts.codec import unbundle
from contracts.topics import PACKETS
from rulebook.loader import load_rules
from rulebook.register import load_register
from streams.folding import AT_MOST, EVERY_S
from streams.judge import Judge
from streams.output import Output, Sent
from streams.routes import of_judging
from streams.worker import create_producer

GROUP = "bench-plain"
STATE = "bench-plain-state"


async def main(bootstrap: str, register: Path) -> None:
    """Judge until killed."""
    judge = Judge(load_register(register), load_rules())
    judge.load((await _state(bootstrap)).items())
    producer = create_producer(bootstrap)
    consumer = AIOKafkaConsumer(
        PACKETS.name,
        bootstrap_servers=bootstrap,
        group_id=GROUP,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        session_timeout_ms=6000,
    )
    await producer.start()
    await consumer.start()
    output, states = Output(producer), Sent(producer)
    positions: dict[TopicPartition, int] = {}
    since, held = time.monotonic(), 0
    while True:
        for partition, records in (await consumer.getmany(timeout_ms=50, max_records=20)).items():
            for record in records:
                for line in unbundle(record.value):
                    await output.put(judge.line(line), of_judging)
            positions[partition] = records[-1].offset + 1
            held += len(records)
        await output.flush()
        if held and (held >= AT_MOST or time.monotonic() - since >= EVERY_S):
            await output.settled()
            for key, packed in judge.dirty():
                await states.send(STATE, packed, key=key.encode(), partition=judge.partition_of(key))
            await states.confirmed()
            await consumer.commit(positions)
            since, held = time.monotonic(), 0


async def _state(bootstrap: str) -> dict[str, bytes]:
    state: dict[str, bytes] = {}
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest")
    await consumer.start()
    try:
        partitions = [TopicPartition(STATE, n) for n in range(PACKETS.partitions)]
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        while any([await consumer.position(partition) < ends[partition] for partition in partitions]):
            for records in (await consumer.getmany(timeout_ms=200)).values():
                for record in records:
                    if record.value is None:
                        state.pop(record.key.decode(), None)
                    else:
                        state[record.key.decode()] = record.value
    finally:
        await consumer.stop()
    return state


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
