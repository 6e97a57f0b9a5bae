"""The declared topics as a script, for brokers where no process of ours may make them."""

import shlex
from pathlib import Path

from contracts.topics import TOPICS, Topic

SCRIPT = Path(__file__).with_name("make-topics")

_HEAD = """\
#!/bin/sh
# Written by python -m deploy.kafka from contracts/topics.py. Makes the topics that are missing.
# Usage: make-topics HOST:PORT COPIES [options of kafka-topics.sh]
set -eu
server="$1"
copies="$2"
shift 2
"""


def script() -> str:
    """One call of ``kafka-topics.sh`` for each topic."""
    return _HEAD + "".join(f"{_call(topic)}\n" for topic in TOPICS)


def _call(topic: Topic) -> str:
    options = ["--create", "--if-not-exists", "--topic", topic.name, "--partitions", str(topic.partitions)]
    for name, value in topic.config.items():
        options += ["--config", f"{name}={value}"]
    return f'kafka-topics.sh --bootstrap-server "$server" "$@" --replication-factor "$copies" {shlex.join(options)}'
