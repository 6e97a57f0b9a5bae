"""A bureau's own rules reach every process that reads rules, as files that make a rulebook."""

import shutil
from pathlib import Path

import pytest
import yaml

from deploy.engines.manifest_tools import binary
from deploy.engines.toolchain import output
from rulebook.loader import SHIPPED, load_rulebook
from tests.deploy.conftest import Cluster
from tests.deploy.overlays import K8S

READERS = {"gateway", "rollcall", "worker", "alerts", "web"}

pytestmark = pytest.mark.timeout(1800)


@pytest.fixture
def rendered(tmp_path: Path) -> str:
    """An overlay of one's own beside those that are shipped, with a copy of the shipped rules."""
    shutil.copytree(K8S.parent, tmp_path / "deploy", ignore=shutil.ignore_patterns("engines", "secrets", "__pycache__"))
    own = tmp_path / "deploy" / "k8s" / "overlays" / "own"
    files = [path.relative_to(SHIPPED) for path in [*SHIPPED.glob("*.yaml"), *SHIPPED.glob("standards/*.yaml")]]
    for file in files:
        (own / "rulebook" / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(SHIPPED / file, own / "rulebook" / file)
    rules, standards = (
        [f"rulebook/{file}" for file in files if (file.parent.name == "standards") == deep] for deep in (False, True)
    )
    kustomization = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "namespace": "stackwatch",
        "resources": ["../city"],
        "components": ["../../components/rulebook"],
        "configMapGenerator": [{"name": "rulebook", "files": rules}, {"name": "standards", "files": standards}],
    }
    (own / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
    return output([binary("kubectl"), "kustomize", str(own)])


def test_the_files_that_are_mounted_make_the_rulebook(rendered: str, tmp_path: Path) -> None:
    items = list(yaml.safe_load_all(rendered))
    data = {item["metadata"]["name"]: item["data"] for item in items if item["kind"] == "ConfigMap"}
    readers = {item["metadata"]["name"]: item for item in items if item["kind"] in {"Deployment", "StatefulSet"}}
    for name in READERS:
        pod = readers[name]["spec"]["template"]["spec"]
        maps = {volume["name"]: data[volume["configMap"]["name"]] for volume in pod["volumes"] if "configMap" in volume}
        root = tmp_path / name
        for mount in pod["containers"][0]["volumeMounts"]:
            if mount["name"] in {"rulebook", "standards"}:
                place = root / mount["mountPath"].lstrip("/")
                contents = maps[mount["name"]]
                files = (
                    {place: contents[mount["subPath"]]}
                    if "subPath" in mount
                    else {place / key: contents[key] for key in contents}
                )
                for path, text in files.items():
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_text(text)
        told = next(found for key, found in data.items() if key.startswith("environment"))["STACKWATCH_RULEBOOK"]
        assert load_rulebook(root / told.lstrip("/")).version == load_rulebook().version


def test_the_server_takes_them(rendered: str, cluster: Cluster) -> None:
    verdict = cluster.judge(rendered)
    assert verdict.returncode == 0, verdict.stderr
