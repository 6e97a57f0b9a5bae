"""What a race needs of Kafka: the feed put in, how far a group has come, and what came out."""

from typing import Self

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupCoordinatorNotAvailableError

from contracts.codec import decode, unbundle
from contracts.topics import HOURS, PACKETS, Topic


class Offsets:
    """How far a group has come in ``cems.packets``."""

    def __init__(self, bootstrap: str, group: str) -> None:
        self._admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
        self._consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap)
        self._group = group
        self._partitions = [TopicPartition(PACKETS.name, n) for n in range(PACKETS.partitions)]

    async def __aenter__(self) -> Self:
        await self._admin.start()
        await self._consumer.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._consumer.stop()
        await self._admin.close()

    async def committed(self) -> int:
        """Messages that the group has done with."""
        try:
            found = await self._admin.list_consumer_group_offsets(self._group, partitions=self._partitions)
        except GroupCoordinatorNotAvailableError:
            return 0  # nobody has asked for a group yet
        return sum(max(0, offset.offset) for offset in found.values())

    async def ends(self, topic: Topic) -> int:
        """Messages that a topic has got so far."""
        partitions = [TopicPartition(topic.name, n) for n in range(topic.partitions)]
        return sum((await self._consumer.end_offsets(partitions)).values())


async def publish(bootstrap: str, messages: list[tuple[int, bytes, int]]) -> None:
    """Put a recorded feed into ``cems.packets``."""
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap, enable_idempotence=True, compression_type="lz4", linger_ms=20
    )
    await producer.start()
    try:
        for shard, value, _ in messages:
            await producer.send(PACKETS.name, value, key=str(shard).encode(), partition=shard % PACKETS.partitions)
    finally:
        await producer.stop()


async def hours(bootstrap: str) -> list[object]:
    """All that stands in ``cems.hours`` now."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest")
    await consumer.start()
    try:
        partitions = [TopicPartition(HOURS.name, n) for n in range(HOURS.partitions)]
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        messages: list[object] = []
        while any([await consumer.position(partition) < ends[partition] for partition in partitions]):
            for records in (await consumer.getmany(timeout_ms=200)).values():
                messages += [decode(line) for record in records for line in unbundle(record.value)]
        return messages
    finally:
        await consumer.stop()
