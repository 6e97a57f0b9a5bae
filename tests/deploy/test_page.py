"""The page about Kubernetes can be followed: its commands run in order, against a real API server."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from contracts.rights import RIGHTS
from contracts.topics import TOPICS
from deploy.engines import kubernetes
from deploy.engines.manifest_tools import binary
from tests.deploy.conftest import Cluster, learn
from tests.deploy.overlays import OVERLAYS, ROOT, Object

PAGE = (ROOT / "docs" / "kubernetes.md").read_text()

pytestmark = pytest.mark.timeout(1800)


BLOCKS = re.findall(r"^```sh\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)
SECRETS, DEMO, CITY, LOGGERS = BLOCKS


@pytest.fixture(
    scope="module",
    params=[pytest.param(DEMO, id="the demo"), pytest.param(f"{CITY}{LOGGERS}", id="a city of one's own")],
)
def followed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """An empty cluster after what the page does to it."""
    with kubernetes(tmp_path_factory.mktemp("cluster")) as engine:
        cluster = Cluster(engine)
        learn(cluster)
        place = tmp_path_factory.mktemp("checkout")
        (place / "deploy").symlink_to(ROOT / "deploy")
        env = {
            **os.environ,
            **engine.env,
            "PATH": f"{Path(binary('kubectl')).parent}:{Path(sys.executable).parent}:{os.environ['PATH']}",
        }
        for script in (SECRETS, request.param):
            done = subprocess.run(
                ["sh", "-euc", script], cwd=place, env=env, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, (script, done.stderr)
        yield cluster


def test_the_cluster_holds_what_the_page_promises(followed: Cluster) -> None:
    assert names(followed, "kafkatopics") == {topic.name for topic in TOPICS}
    assert names(followed, "deployments") >= {"gateway", "relay", "rollcall", "alerts", "web"}
    assert names(followed, "statefulsets") == {"worker", "mosquitto", "influxdb"}


def test_every_secret_that_is_mounted_is_there_with_its_keys(followed: Cluster) -> None:
    by_operator = {"postgresql-app", "postgresql-ca", "kafka-cluster-ca-cert", *(f"kafka-{name}" for name in RIGHTS)}
    by_operator |= {item["spec"]["secretName"] for item in listed(followed, "certificates.cert-manager.io")}
    keys = {item["metadata"]["name"]: set(item["data"]) for item in listed(followed, "secrets")}
    owners = listed(followed, "deployments,statefulsets,jobs")
    volumes = [volume for owner in owners for volume in owner["spec"]["template"]["spec"].get("volumes", [])]
    mounted = [volume["secret"] for volume in volumes if "secret" in volume]
    assert mounted
    for secret in mounted:
        if secret["secretName"] not in by_operator:
            assert {item["key"] for item in secret.get("items", [])} <= keys[secret["secretName"]]


def listed(cluster: Cluster, kinds: str) -> list[Object]:
    """Objects of some kinds in the platform's namespace."""
    found = cluster.kubectl("--namespace=stackwatch", "get", kinds, "--output=yaml")
    assert found.returncode == 0, found.stderr
    items: list[Object] = yaml.safe_load(found.stdout)["items"]
    return items


def names(cluster: Cluster, kinds: str) -> set[str]:
    """Their names."""
    return {item["metadata"]["name"] for item in listed(cluster, kinds)}


def test_the_table_names_every_overlay() -> None:
    assert re.findall(r"^\| `(\w+)` \|", PAGE, flags=re.MULTILINE) == ["demo", "city", "province"]
    assert sorted(OVERLAYS) == ["city", "demo", "province"]
