"""One API server for all tests, knowing the custom resources, with a namespace to put things into."""

import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import yaml

from deploy.engines import KubernetesEngine, kubernetes
from deploy.engines.custom_resources import definitions
from deploy.engines.manifest_tools import binary
from tests.deploy.overlays import K8S

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


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with kubernetes(tmp_path_factory.mktemp("kubernetes")) as engine:
        cluster = Cluster(engine)
        names = []
        for file in sorted(definitions().glob("*.yaml")):
            # The largest is longer than an annotation may be, which a client-side apply would need.
            made = cluster.kubectl("create", "--filename", str(file))
            assert made.returncode == 0, made.stderr
            names += [f"crd/{one['metadata']['name']}" for one in yaml.safe_load_all(file.read_text()) if one]
        served = cluster.kubectl("wait", "--for=condition=Established", f"--timeout={WITHIN_S}s", *names)
        assert served.returncode == 0, served.stderr
        namespace = cluster.kubectl(
            "create", "--filename", str(K8S / "base" / "namespace.yaml"), "--namespace=stackwatch"
        )
        assert namespace.returncode == 0, namespace.stderr
        _await_kinds(cluster, len(names))
        yield cluster


def _await_kinds(cluster: Cluster, wanted: int) -> None:
    """A definition is established a little before its kind can be looked up."""
    groups = ("kafka.strimzi.io", "monitoring.coreos.com", "postgresql.cnpg.io", "external-secrets.io")
    deadline = time.monotonic() + WITHIN_S
    while True:
        listed = [cluster.kubectl("api-resources", f"--api-group={group}", "--output=name") for group in groups]
        if sum(len(reply.stdout.split()) for reply in listed) >= wanted:
            return
        assert time.monotonic() < deadline, [reply.stderr for reply in listed]
        time.sleep(0.5)
