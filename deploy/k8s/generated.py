"""Writes the manifests that repeat what stands elsewhere: ``python -m deploy.k8s.generated``, at the root."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from contracts.rights import RIGHTS, rights_of
from contracts.topics import TOPICS, Topic

K8S = Path(__file__).parent
ALERTS = K8S.parent / "prometheus" / "alerts.yaml"
STATEFUL = {"worker"}
"""Processes that are a StatefulSet; the others are Deployments."""
RUNBOOK = "docs/metrics.md"
"""Where each alarm has a section of its name."""


def generated() -> dict[Path, str]:
    """Content of each generated file."""
    components = K8S / "components"
    return {
        components / "kafka" / "topics.yaml": _text("contracts/topics.py", map(_topic, TOPICS)),
        components / "kafka" / "users.yaml": _text("contracts/rights.py", map(_user, RIGHTS)),
        components / "kafka" / "logins.yaml": _text("contracts/rights.py", map(_login, RIGHTS)),
        components / "monitoring" / "rules.yaml": _text("deploy/prometheus/alerts.yaml", [_rules()]),
    }


def _topic(topic: Topic) -> dict[str, Any]:
    """As many copies as the broker makes by default."""
    return {
        "apiVersion": "kafka.strimzi.io/v1",
        "kind": "KafkaTopic",
        "metadata": {"name": topic.name, "labels": {"strimzi.io/cluster": "kafka"}},
        "spec": {"partitions": topic.partitions, "config": topic.config},
    }


def _user(process: str) -> dict[str, Any]:
    """The login of a process, with its rights."""
    operations: dict[tuple[str, str, bool], list[str]] = {}
    for right in rights_of(process):
        operations.setdefault((right.resource, right.name, right.prefixed), []).append(right.operation)
    return {
        "apiVersion": "kafka.strimzi.io/v1",
        "kind": "KafkaUser",
        "metadata": {"name": process, "labels": {"strimzi.io/cluster": "kafka"}},
        "spec": {
            "authentication": {"type": "scram-sha-512"},
            "authorization": {
                "type": "simple",
                "acls": [
                    {
                        "resource": {
                            "type": resource,
                            "name": name,
                            "patternType": "prefix" if prefixed else "literal",
                        },
                        "operations": given,
                    }
                    for (resource, name, prefixed), given in operations.items()
                ],
            },
        },
    }


def _login(process: str) -> dict[str, Any]:
    """A patch that gives a process the password which Strimzi made for its user, and no other."""
    password = {
        "name": "kafka-password",
        "secret": {
            "secretName": f"kafka-{process}",
            "defaultMode": 0o440,
            "items": [{"key": "password", "path": "password"}],
        },
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet" if process in STATEFUL else "Deployment",
        "metadata": {"name": process},
        "spec": {"template": {"spec": {"volumes": [password]}}},
    }


def _rules() -> dict[str, Any]:
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "stackwatch"},
        "spec": yaml.safe_load(ALERTS.read_text(encoding="utf-8")),
    }


def _text(source: str, objects: Iterator[dict[str, Any]] | list[dict[str, Any]]) -> str:
    body = yaml.safe_dump_all(objects, sort_keys=False, allow_unicode=True, width=120)
    return f"# Written by deploy/k8s/generated.py from {source}.\n{body}"


def main() -> int:
    """Write every file that is not as it should be."""
    for path, text in generated().items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(f"wrote {path.relative_to(K8S)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
