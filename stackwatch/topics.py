"""Makes the Kafka topics that are not there yet, as ``contracts.topics`` declares them."""

from collections.abc import Sequence

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from contracts.kafka_address import KafkaAddress, client_options
from contracts.topics import TOPICS, Topic


class TopicsRefused(Exception):
    """The broker will not make a topic; says which and why."""


async def create_topics(
    bootstrap: str | KafkaAddress, *, replication: int = 1, topics: Sequence[Topic] = TOPICS
) -> None:
    """Make every topic that is missing; those that exist stay as they are.

    Args:
        bootstrap: Kafka's address.
        replication: Copies of each partition; at most the number of brokers.
        topics: What to make.

    Raises:
        aiokafka.errors.KafkaConnectionError: no broker answers.
        TopicsRefused: the broker answers and will not.
    """
    admin = AIOKafkaAdminClient(**client_options(bootstrap), request_timeout_ms=20_000)
    try:
        await admin.start()
        present = set(await admin.list_topics())
        missing = [
            NewTopic(
                name=topic.name,
                num_partitions=topic.partitions,
                replication_factor=replication,
                topic_configs=topic.config,
            )
            for topic in topics
            if topic.name not in present
        ]
        if not missing:
            return
        try:
            response = await admin.create_topics(missing)
        except TopicAlreadyExistsError:
            return
        except KafkaError as error:
            raise TopicsRefused(str(error)) from error
        for name, code, *message in response.topic_errors:
            error_type = for_code(code)
            # Another process may have made it between our look and our request.
            if code and error_type is not TopicAlreadyExistsError:
                raise TopicsRefused(f"{name}: {error_type.__name__} {' '.join(filter(None, message))}".rstrip())
    finally:
        await admin.close()
