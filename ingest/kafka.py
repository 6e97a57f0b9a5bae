"""The way into Kafka: idempotent, acknowledged by all replicas, with a time limit of its own around every send."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from itertools import count

from aiokafka import AIOKafkaProducer
from aiokafka.errors import BrokerResponseError, KafkaError, UnknownError

from contracts.kafka_address import KafkaAddress, client_options
from contracts.topics import PACKETS, Topic

_log = logging.getLogger(__name__)

FIRST_DELAY_S = 0.5
LONGEST_DELAY_S = 5.0
STOP_TIMEOUT_S = 3.0


HOPELESS_AFTER = 4
"""So often a broker must answer that it will never take a message before that is believed."""


class KafkaLost(Exception):
    """Kafka will not take a message, however often and with however many producers it was tried."""


class KafkaUnfit(Exception):
    """Kafka answers, but its topics are not what the contract says."""


_LATER = (KafkaError, TimeoutError, OSError)
"""What may be over in a while."""


class KafkaWriter:
    """A producer that is replaced after a failed send. A Kafka that is away is waited for, however long that takes."""

    def __init__(
        self,
        bootstrap: str | KafkaAddress,
        *,
        client_id: str,
        idempotent: bool = True,
        prepare: Callable[[], Awaitable[None]] | None = None,
        send_timeout_s: float = 15.0,
        attempts: int | None = None,
    ) -> None:
        """Prepare a writer; nothing is connected yet.

        Args:
            bootstrap: Kafka's address.
            client_id: How the brokers' logs call us.
            idempotent: Whether the broker removes the doubles of its own retries. Order holds either way.
            prepare: Runs before a producer starts, for instance to make the topics.
            send_timeout_s: A send that takes longer has failed. [s]
            attempts: Producers that are tried in turn for one message; None: as many as it takes.
        """
        self._bootstrap = bootstrap
        self._client_id = client_id
        self._idempotent = idempotent
        self._prepare = prepare
        self._send_timeout_s = send_timeout_s
        self._attempts = attempts
        self._producer: AIOKafkaProducer | None = None
        self._connecting: asyncio.Task[AIOKafkaProducer] | None = None
        self._retiring: set[asyncio.Task[None]] = set()
        self.problem: str | None = f"Kafka at {bootstrap} has not been reached yet"
        """Why nothing can be written at this moment, in words."""
        self.acknowledged_at = time.monotonic()
        """When Kafka last committed something."""

    async def open(self) -> None:
        """Connect, trying again for as long as it takes; each new reason is logged once.

        Raises:
            KafkaUnfit: a topic has another number of partitions than declared, or idempotence is not to be had.
        """
        delay = FIRST_DELAY_S
        while True:
            try:
                await self._usable()
                return
            except _LATER as error:
                self._complain(f"Kafka at {self._bootstrap} cannot be reached: {_words(error)}")
            await asyncio.sleep(delay)
            delay = min(delay * 2, LONGEST_DELAY_S)

    async def send(self, topic: Topic, *, key: bytes, value: bytes, partition: int | None = None) -> None:
        """Return when all replicas have the message.

        A message whose answer was lost may stand in the log twice; whatever reads it must not mind.

        Raises:
            KafkaLost: it did not go through after all attempts, or the broker says that it never will.
            KafkaUnfit: the topics are not as declared.
        """
        for attempt in count(1):
            producer: AIOKafkaProducer | None = None
            try:
                producer = await self._usable()
                async with asyncio.timeout(self._send_timeout_s):
                    await producer.send_and_wait(topic.name, value=value, key=key, partition=partition)
            except _LATER as error:
                self._retire(producer)
                reason = f"Kafka did not take a message for {topic.name}: {_words(error)}"
                self._complain(reason, attempt)
                if attempt == self._attempts or (_says_no(error) and attempt >= HOPELESS_AFTER):
                    raise KafkaLost(f"{reason} (attempt {attempt})") from error
                await asyncio.sleep(min(FIRST_DELAY_S * 2 ** min(attempt, 10), LONGEST_DELAY_S))
            else:
                self.acknowledged_at = time.monotonic()
                self.problem = None
                return

    async def close(self) -> None:
        """Let go of the producer; what is under way is flushed if Kafka takes it in time."""
        if self._connecting is not None:
            self._connecting.cancel()
            await asyncio.gather(self._connecting, return_exceptions=True)
        self._retire(self._producer)
        await asyncio.gather(*self._retiring, return_exceptions=True)

    async def _usable(self) -> AIOKafkaProducer:
        """The producer of now; all who need a new one wait for the same attempt to make it."""
        if self._producer is not None:
            return self._producer
        if self._connecting is None:
            self._connecting = asyncio.create_task(self._connect())
            self._connecting.add_done_callback(self._connect_ended)
        return await asyncio.shield(self._connecting)

    def _connect_ended(self, task: asyncio.Task[AIOKafkaProducer]) -> None:
        self._connecting = None
        if not task.cancelled() and task.exception() is None:
            self._producer = task.result()

    async def _connect(self) -> AIOKafkaProducer:
        if self._prepare is not None:
            async with asyncio.timeout(self._send_timeout_s):
                await self._prepare()
        producer = AIOKafkaProducer(
            **client_options(self._bootstrap),
            client_id=self._client_id,
            acks="all",
            enable_idempotence=self._idempotent,
            compression_type="lz4",
            request_timeout_ms=int(self._send_timeout_s * 1000),
        )
        try:
            async with asyncio.timeout(self._send_timeout_s):
                await self._start(producer)
                partitions = await producer.partitions_for(PACKETS.name)
            if len(partitions) != PACKETS.partitions:
                raise KafkaUnfit(
                    f"topic {PACKETS.name} has {len(partitions)} partitions; declared are {PACKETS.partitions}"
                )
        except BaseException:
            await _stop(producer)
            raise
        self.problem = None
        self.acknowledged_at = time.monotonic()
        _log.info("writing to Kafka at %s", self._bootstrap)
        return producer

    async def _start(self, producer: AIOKafkaProducer) -> None:
        try:
            await producer.start()
        except UnknownError as error:
            if not self._idempotent:
                raise
            raise KafkaUnfit(
                "the broker gives out no producer ids, so STACKWATCH_KAFKA_IDEMPOTENCE must be false"
            ) from error

    def _retire(self, producer: AIOKafkaProducer | None) -> None:
        """Use the producer no more, and stop it on the side."""
        if producer is None or self._producer is not producer:
            return
        self._producer = None
        task = asyncio.create_task(_stop(producer))
        self._retiring.add(task)
        task.add_done_callback(self._retiring.discard)

    def _complain(self, problem: str, attempt: int = 1) -> None:
        if problem != self.problem:
            _log.warning("%s (attempt %d)", problem, attempt)
        self.problem = problem


async def _stop(producer: AIOKafkaProducer) -> None:
    try:
        async with asyncio.timeout(STOP_TIMEOUT_S):
            await producer.stop()
    except _LATER as error:
        _log.warning("a Kafka producer did not stop cleanly: %s", _words(error))
        # stop() waits for what cannot be sent before it ends its background task, so that is done here.
        if (sender := producer._sender) is not None:
            await sender.close()
        await producer.client.close()


def _says_no(error: BaseException) -> bool:
    """Whether a broker has answered that it will not, now or ever."""
    return isinstance(error, BrokerResponseError) and not error.retriable


def _words(error: BaseException) -> str:
    return str(error) or type(error).__name__
