"""The metrics that the code has, read from where they are made; and those that an expression of Prometheus asks for.

``python -m tests.deploy.metrics`` writes their table into docs/metrics.md.
"""

import ast
import json
import re
from functools import cache

from deploy.engines.manifest_tools import python
from tests.deploy.overlays import ROOT

ROOMS = ("alerts", "contracts", "ingest", "stackwatch", "stores", "streams", "web")
SUFFIXES = {
    "Counter": ("_total", "_created"),
    "Gauge": ("",),
    "Histogram": ("_bucket", "_count", "_sum", "_created"),
    "Summary": ("_count", "_sum", "_created"),
}

PAGE = ROOT / "docs" / "metrics.md"
HEAD = "|---|---|---|---|\n"

OF_OTHERS = {
    "up",
    "process_resident_memory_bytes",
    "process_cpu_seconds_total",
    "kube_cronjob_status_last_successful_time",
    "kubelet_volume_stats_available_bytes",
    "kubelet_volume_stats_capacity_bytes",
}
"""Of Prometheus itself, its Python client, kube-state-metrics and the kubelet."""


@cache
def metrics_in_code() -> dict[str, tuple[str, str, tuple[str, ...]]]:
    """Kind, meaning and labels of each metric, by its name."""
    found: dict[str, tuple[str, str, tuple[str, ...]]] = {}
    for room in ROOMS:
        for file in sorted((ROOT / room).rglob("*.py")):
            tree = ast.parse(file.read_text())
            if "prometheus_client" not in file.read_text():
                continue
            lists = {
                node.targets[0].id: _texts(node.value)
                for node in ast.walk(tree)
                if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and _texts(node.value)
            }
            for node in ast.walk(tree):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in SUFFIXES:
                    name, meaning, *labels = node.args
                    found[_text(name)] = (node.func.id, _text(meaning), _labels(labels, lists))
    return found


def table() -> str:
    """The metrics as rows of docs/metrics.md."""
    return "".join(
        f"| `{name}` | {kind.lower()} | {', '.join(labels) or '–'} | {meaning} |\n"
        for name, (kind, meaning, labels) in metrics_in_code().items()
    )


def series_in_code() -> dict[str, tuple[str, ...]]:
    """Labels of each series that Prometheus can hold, by its name."""
    return {
        f"{name}{suffix}": labels for name, (kind, _, labels) in metrics_in_code().items() for suffix in SUFFIXES[kind]
    }


def asked_for(expressions: dict[str, str]) -> dict[str, list[tuple[str, list[str]]]]:
    """Names of series, with the labels they are chosen by, in each expression.

    Raises:
        EngineError: one is no PromQL; the message says which and where.
    """
    code = """
import json, sys, promql_parser as promql
def walk(node, found):
    if isinstance(node, promql.VectorSelector):
        found.append([node.name, [matcher.name for matcher in node.matchers.matchers]])
    for part in ("expr", "lhs", "rhs", "vector_selector", "param"):
        if (inner := getattr(node, part, None)) is not None:
            walk(inner, found)
    for argument in getattr(node, "args", None) or []:
        walk(argument, found)
    return found
for name, text in json.load(sys.stdin).items():
    try:
        print(json.dumps([name, walk(promql.parse(text), [])]))
    except ValueError as error:
        sys.exit(f"{name}: {error}: {text}")
"""
    plain = {name: re.sub(r"\$__rate_interval", "5m", text) for name, text in expressions.items()}
    return {
        name: [(series, labels) for series, labels in found]
        for name, found in map(json.loads, python(code, given=json.dumps(plain)).splitlines())
    }


def main() -> None:
    """Write the table into the page."""
    text = PAGE.read_text()
    head, line, rest = text.partition(HEAD)
    PAGE.write_text(head + line + table() + rest[rest.index("\n\n") + 1 :])


def _text(node: ast.expr) -> str:
    assert isinstance(node, ast.Constant), ast.dump(node)
    return str(node.value)


def _texts(node: ast.expr) -> tuple[str, ...]:
    """The texts of a list that holds nothing else."""
    items = node.elts if isinstance(node, ast.List) else []
    texts = tuple(item.value for item in items if isinstance(item, ast.Constant) and isinstance(item.value, str))
    return texts if len(texts) == len(items) else ()


def _labels(arguments: list[ast.expr], lists: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    if not arguments:
        return ()
    return lists[arguments[0].id] if isinstance(arguments[0], ast.Name) else _texts(arguments[0])


if __name__ == "__main__":
    main()
