"""The judging stage of the worker, alone: ``python -m benchmarks.contender_faust KAFKA REGISTER``."""

import asyncio
import sys
from pathlib import Path

from rulebook.loader import load_rules
from rulebook.register import load_register
from streams.app import FOLDING_ID, create_app
from streams.folding import judging
from streams.group import Group
from streams.judge import Judge
from streams.metrics import Metrics
from streams.worker import Worker, create_producer

GROUP = FOLDING_ID


async def main(bootstrap: str, register: Path) -> None:
    """Judge until stopped, wired as in ``streams.worker``."""
    producer = create_producer(bootstrap)
    metrics = Metrics()
    app = create_app(FOLDING_ID, bootstrap, replication=1, session_s=6.0)
    stage = judging(app, Judge(load_register(register), load_rules()), producer, metrics)
    await Worker([Group(app, producer, [stage], metrics)], producer).run()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
