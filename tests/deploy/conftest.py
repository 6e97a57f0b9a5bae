"""One API server for all tests, knowing the custom resources, with a namespace to put things into."""

import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploy.engines import KubernetesEngine, kubernetes
from deploy.engines.custom_resources import definitions
from deploy.engines.manifest_tools import binary
from tests.deploy.overlays import K8S
from tests.deploy.recipe import build

WITHIN_S = 60


@dataclass(frozen=True, slots=True)
class Cluster:
    """The API server, through kubectl."""

    engine: KubernetesEngine

    def kubectl(self, *arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
        """Run kubectl as an administrator, with something on its standard input."""
        command = [binary("kubectl"), "--kubeconfig", str(self.engine.kubeconfig), *arguments]
        return subprocess.run(command, input=given, capture_output=True, text=True, check=False)

    def judge(self, text: str) -> subprocess.CompletedProcess[str]:
        """What the server says to objects, without keeping them."""
        return self.kubectl(
            "apply", "--server-side", "--validate=strict", "--dry-run=server", "--filename=-", given=text
        )


@pytest.fixture(scope="package")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with kubernetes(tmp_path_factory.mktemp("kubernetes")) as engine:
        cluster = Cluster(engine)
        learn(cluster)
        made = cluster.kubectl("create", "--namespace=stackwatch", f"--filename={K8S / 'base' / 'namespace.yaml'}")
        assert made.returncode == 0, made.stderr
        yield cluster


@pytest.fixture(scope="session")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the image holds in /opt/stackwatch."""
    return build(tmp_path_factory.mktemp("image"))


def learn(cluster: Cluster) -> None:
    """Make the custom resources known, and wait until all of them can be used."""
    made = cluster.kubectl("create", f"--filename={definitions()}", "--output=name")
    assert made.returncode == 0, made.stderr
    names = made.stdout.split()
    served = cluster.kubectl("wait", "--for=condition=Established", f"--timeout={WITHIN_S}s", *names)
    assert served.returncode == 0, served.stderr
    # A definition is established a little before its kind can be looked up.
    deadline = time.monotonic() + WITHIN_S
    groups = {name.rpartition("/")[2].partition(".")[2] for name in names}
    while True:
        listed = [cluster.kubectl("api-resources", f"--api-group={group}", "--output=name") for group in groups]
        if sum(len(reply.stdout.split()) for reply in listed) >= len(names):
            return
        assert time.monotonic() < deadline, [reply.stderr for reply in listed]
        time.sleep(0.5)
