"""What the overlays come to: rendered once, as objects."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from deploy.engines.manifest_tools import binary
from deploy.engines.toolchain import output

ROOT = Path(__file__).parents[2]
K8S = ROOT / "deploy" / "k8s"
OVERLAYS = sorted(path.name for path in (K8S / "overlays").iterdir() if (path / "kustomization.yaml").exists())

Object = dict[str, Any]


@cache
def text(overlay: str) -> str:
    """The overlay as YAML."""
    return output([binary("kubectl"), "kustomize", str(K8S / "overlays" / overlay)])


@cache
def objects(overlay: str) -> tuple[Object, ...]:
    """All objects of the overlay."""
    return tuple(yaml.safe_load_all(text(overlay)))


def of_kind(overlay: str, *kinds: str) -> list[Object]:
    """Objects of some kinds."""
    return [one for one in objects(overlay) if one["kind"] in kinds]


def one(overlay: str, kind: str, name: str) -> Object:
    """The one object of a name."""
    (found,) = (item for item in of_kind(overlay, kind) if item["metadata"]["name"] == name)
    return found


def pod_templates(overlay: str) -> Iterator[tuple[str, Object]]:
    """Every pod that the overlay will make, by "kind/name" of what makes it."""
    for item in of_kind(overlay, "Deployment", "StatefulSet", "Job", "CronJob"):
        spec = item["spec"]
        template = spec.get("jobTemplate", {}).get("spec", spec)["template"]
        # What the controller of a StatefulSet adds.
        claims = [claim["metadata"]["name"] for claim in spec.get("volumeClaimTemplates", [])]
        volumes = [{"name": name, "persistentVolumeClaim": {"claimName": name}} for name in claims]
        pod = template["spec"] | {"volumes": template["spec"].get("volumes", []) + volumes}
        yield f"{item['kind']}/{item['metadata']['name']}", template | {"spec": pod}


def ours(overlay: str) -> Iterator[tuple[str, Object, Object]]:
    """Name, pod template and container of each process of the platform."""
    for _, template in pod_templates(overlay):
        labels = template["metadata"]["labels"]
        if labels.get("app.kubernetes.io/name") == "stackwatch":
            (container,) = template["spec"]["containers"]
            yield labels["app.kubernetes.io/component"], template, container


def environment(overlay: str, container: Object) -> dict[str, str]:
    """What a container's process finds in its environment. A field of the pod is given as its path in braces."""
    found: dict[str, str] = {}
    for source in container.get("envFrom", []):
        found |= one(overlay, "ConfigMap", source["configMapRef"]["name"])["data"]
    for entry in container.get("env", []):
        found[entry["name"]] = entry.get("value") or f"{{{entry['valueFrom']['fieldRef']['fieldPath']}}}"
    return found
