"""The Faust application without those of its defaults that lose data, open ports or write files."""

from typing import Any

import faust
from faust.types.transports import TransportT

from contracts.kafka_address import KafkaAddress
from contracts.topics import Topic
from streams.consumer import FAUST_LOG, CarefulTransport

FOLDING_ID, STORING_ID = "stackwatch-worker", "stackwatch-storing"
"""Consumer groups; the first is also the first part of the names of the state's topics."""

MESSAGE_LIMIT = 4 * 1024 * 1024
"""Largest message that is read. [bytes]"""

POLL, BUFFER = 20, 400
"""Messages of one fetch, and messages that may wait for one stage.

A full buffer would stop the fetching for every stage. Faust pauses a partition when the buffer is filled to 4/5; the
rest must have room for one fetch from each of its partitions.
"""


class Application(faust.App):
    """Keeps nothing on disk, tables are recovered from Kafka; reads with a consumer that loses nothing."""

    logger = FAUST_LOG

    def _create_directories(self) -> None:
        """Nothing is written."""

    def _new_transport(self) -> TransportT:
        return CarefulTransport(self.conf.broker_consumer, self)


def create_app(name: str, bootstrap: str | KafkaAddress, *, replication: int, session_s: float) -> Application:
    """The application, not started.

    Args:
        name: Name of the group of consumers.
        bootstrap: Kafka's address.
        replication: Copies of the state's topics.
        session_s: A worker not heard of for so long has lost its partitions. [s]
    """
    return Application(
        name,
        broker=[f"kafka://{server.strip()}" for server in str(bootstrap).split(",")],
        broker_credentials=_credentials(bootstrap),
        store="memory://",
        web_enabled=False,
        topic_disable_leader=True,
        topic_replication_factor=replication,
        consumer_auto_offset_reset="earliest",
        consumer_max_fetch_size=MESSAGE_LIMIT,
        stream_wait_empty=False,
        stream_recovery_delay=0.0,
        stream_buffer_maxsize=BUFFER,
        broker_max_poll_records=POLL,
        broker_max_poll_interval=86_400.0,
        broker_commit_interval=0.5,
        broker_session_timeout=session_s,
        broker_rebalance_timeout=session_s,
        broker_heartbeat_interval=min(3.0, session_s / 3),
    )


def _credentials(bootstrap: str | KafkaAddress) -> Any:
    """The login in Faust's own words; None where the brokers want none."""
    if isinstance(bootstrap, str):
        return None
    if bootstrap.username:
        return faust.SASLCredentials(
            username=bootstrap.username,
            password=bootstrap.password,
            ssl_context=bootstrap.tls,
            mechanism=bootstrap.mechanism,
        )
    return None if bootstrap.tls is None else faust.SSLCredentials(context=bootstrap.tls)


def raw_topic(app: faust.App, topic: Topic) -> Any:
    """A topic whose keys and values stay bytes."""
    return app.topic(topic.name, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw")
