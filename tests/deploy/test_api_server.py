"""A real API server takes every object of every overlay, and admits every pod under the restricted profile."""

import json

import pytest

from tests.deploy.conftest import Cluster
from tests.deploy.overlays import OVERLAYS, objects, of_kind, pod_templates, text

# A machine that has no API server yet builds it here.
pytestmark = pytest.mark.timeout(1800)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_object_is_taken(cluster: Cluster, overlay: str) -> None:
    verdict = cluster.judge(text(overlay))
    assert verdict.returncode == 0, verdict.stderr
    assert "Warning" not in verdict.stderr
    assert len(verdict.stdout.splitlines()) == len(objects(overlay))


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_pod_is_admitted_under_the_restricted_profile(cluster: Cluster, overlay: str) -> None:
    refused = {}
    for owner, template in pod_templates(overlay):
        pod = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "trial", "namespace": "stackwatch", "labels": template["metadata"]["labels"]},
            "spec": template["spec"],
        }
        verdict = cluster.judge(json.dumps(pod))
        if verdict.returncode != 0:
            refused[owner] = verdict.stderr
    assert not refused


def test_the_namespace_refuses_a_pod_that_wants_more(cluster: Cluster) -> None:
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "trial", "namespace": "stackwatch"},
        "spec": {"containers": [{"name": "root", "image": "busybox", "securityContext": {"privileged": True}}]},
    }
    verdict = cluster.judge(json.dumps(pod))
    assert verdict.returncode != 0
    assert "violates PodSecurity" in verdict.stderr


@pytest.mark.parametrize(
    ("kind", "place"),
    [
        pytest.param("Deployment", "replica", id="a misspelt field of a Deployment"),
        pytest.param("Kafka", "listener", id="a misspelt field of a Kafka"),
        pytest.param("Cluster", "instance", id="a misspelt field of a PostgreSQL cluster"),
        pytest.param("PodMonitor", "selectr", id="a misspelt field of a PodMonitor"),
        pytest.param("Certificate", "dnsName", id="a misspelt field of a Certificate"),
        pytest.param("KafkaUser", "authorisation", id="a misspelt field of a KafkaUser"),
        pytest.param("ExternalSecret", "refresh", id="a misspelt field of an ExternalSecret"),
    ],
)
def test_the_server_refuses(cluster: Cluster, kind: str, place: str) -> None:
    found = of_kind("province", kind)[0]
    wrong = found | {"spec": found["spec"] | {place: 1}}
    verdict = cluster.judge(json.dumps(wrong))
    assert verdict.returncode != 0
    assert f'unknown field "spec.{place}"' in verdict.stderr or f".spec.{place}: field not declared" in verdict.stderr
