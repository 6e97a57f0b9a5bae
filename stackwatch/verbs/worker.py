"""``stackwatch worker``: judges, supervises and stores, as one Faust process."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial

import click
from aiokafka.errors import KafkaError

from contracts.rights import topics_of
from rulebook.loader import SHIPPED, load_rules
from rulebook.register import load_register
from stackwatch.bad_files import told
from stackwatch.errors import UserError
from stackwatch.health import serve_health
from stackwatch.logs import set_up_logs
from stackwatch.process import kafka_address, series_store
from stackwatch.reach import reach_kafka
from stackwatch.settings import Settings, read_settings
from stackwatch.topics import TopicsRefused, create_topics
from streams.worker import create_worker


@click.command()
def command() -> None:
    """Judge packets, supervise counties and store series until stopped."""
    env = read_settings()
    set_up_logs(env.log_level, process="worker", form=env.log_format)
    try:
        asyncio.run(_work(env, partial(serve_health, env.health_host, env.health_port)))
    except (KafkaError, TopicsRefused) as error:
        raise UserError(f"Kafka at {env.kafka}: {error}") from error
    except ValueError as error:
        raise UserError(str(error)) from error


async def _work(env: Settings, watched: Callable[..., AbstractContextManager[int]]) -> None:
    with told():
        rules = load_rules(env.rulebook_dir)
        register = load_register(env.register_dir or SHIPPED / "registers/liaocheng", rulebook=env.rulebook_dir)
    store, kafka = series_store(env), kafka_address(env)
    await reach_kafka(env)
    await create_topics(kafka, replication=env.kafka_replication, topics=topics_of("worker"))
    worker = create_worker(
        kafka,
        register,
        rules,
        store,
        replication=env.kafka_replication,
        idempotent=env.kafka_idempotence,
        session_s=env.kafka_session_s,
    )
    await create_topics(kafka, replication=env.kafka_replication, topics=worker.state_topics())
    with watched(worker.why_not_ready, alive=worker.why_dead, details=worker.details):
        await worker.run()
