"""Gives each process its rights, in tests at once, and elsewhere by a script.

The script is for brokers that are run by hand; in a cluster Strimzi gives the rights (``deploy/k8s``). Both come from
``contracts/rights.py``.
"""

import shlex
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import for_code
from aiokafka.protocol.admin import CreateAclsRequest

from contracts.rights import RIGHTS, Right, rights_of

SCRIPT = Path(__file__).with_name("grant-rights")

_RESOURCES = {"topic": 2, "group": 3}
_OPERATIONS = {"Read": 3, "Write": 4, "Create": 5, "Describe": 8, "DescribeConfigs": 10}
_LITERAL, _PREFIXED, _ALLOW = 3, 4, 3
"""Kafka's own numbers."""

_HEAD = """\
#!/bin/sh
# Written by python -m deploy.kafka from contracts/rights.py.
# Gives each process its rights; once more is harmless.
# Usage: grant-rights HOST:PORT [options of kafka-acls.sh, such as --command-config FILE]
set -eu
server="$1"
shift
"""


async def grant(admin: str, processes: Iterable[str] = tuple(RIGHTS)) -> None:
    """Give the rights through a listener where one may.

    Args:
        admin: ``host:port`` that asks for no login.
        processes: Who gets theirs.

    Raises:
        KafkaError: a right was refused.
    """
    client = AIOKafkaAdminClient(bootstrap_servers=admin)
    await client.start()
    try:
        for process in processes:
            for right in rights_of(process):
                pattern = _PREFIXED if right.prefixed else _LITERAL
                request = CreateAclsRequest(
                    _RESOURCES[right.resource],
                    right.name,
                    pattern,
                    f"User:{process}",
                    "*",
                    _OPERATIONS[right.operation],
                    _ALLOW,
                )
                response = await client._send_request(request)
                for code, message in response.creation_responses:
                    if code:
                        raise for_code(code)(message)
    finally:
        await client.close()


def script() -> str:
    """The same as a script of ``kafka-acls.sh``."""
    return _HEAD + "\n".join(line for process in RIGHTS for line in _calls(process)) + "\n"


def _calls(process: str) -> Iterator[str]:
    def kind(right: Right) -> tuple[bool, str]:
        return right.prefixed, "" if right.prefixed else right.operation

    for (prefixed, _), found in groupby(sorted(rights_of(process), key=kind), key=kind):
        rights = list(found)
        options = ["--add", "--force", "--allow-principal", f"User:{process}"]
        for operation in dict.fromkeys(right.operation for right in rights):
            options += ["--operation", operation]
        if prefixed:
            options += ["--resource-pattern-type", "prefixed"]
        for resource, name in dict.fromkeys((right.resource, right.name) for right in rights):
            options += [f"--{resource}", name]
        yield f'kafka-acls.sh --bootstrap-server "$server" "$@" {shlex.join(options)}'
