"""Definitions of the custom resources that the manifests use, as the operators' own projects publish them."""

import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import yaml

from deploy.engines.cache import cache_root, installed, progress, sha256
from deploy.engines.go_modules import get_module
from deploy.engines.manifest_tools import java
from deploy.engines.maven import get_jars
from deploy.engines.toolchain import output

_report = partial(progress, "custom resources")


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """Definitions that lie as YAML in the source of an operator."""

    module: str
    version: str
    checksum: str
    """Go's own hash of the module's source, as in a go.sum."""
    files: tuple[str, ...]


OPERATORS = (
    Published(
        module="github.com/cert-manager/cert-manager",
        version="v1.18.2",
        checksum="h1:H2P75ycGcTMauV3gvpkDqLdS3RSXonWF2S49QGA1PZE=",
        files=("deploy/crds/crd-certificates.yaml", "deploy/crds/crd-issuers.yaml"),
    ),
    Published(
        module="github.com/cloudnative-pg/cloudnative-pg",
        version="v1.27.1",
        checksum="h1:w+bbtXyEPoaa7sZGXxbb8qJ+/bUGWQ3M48kbNUEpKlk=",
        files=("config/crd/bases/postgresql.cnpg.io_clusters.yaml",),
    ),
    Published(
        module="github.com/external-secrets/external-secrets",
        version="v0.20.4",
        checksum="h1:HhNAjWfFEshhItphr28SGsHzf2bUP7uDAOVLg76uNAg=",
        files=("config/crds/bases/external-secrets.io_externalsecrets.yaml",),
    ),
    Published(
        module="github.com/prometheus-operator/prometheus-operator",
        version="v0.85.0",
        checksum="h1:M5xLCLEoaW2IJfnuCwFzzpL+jSVQu3KGT84Pye+fW8s=",
        files=(
            "example/prometheus-operator-crd/monitoring.coreos.com_podmonitors.yaml",
            "example/prometheus-operator-crd/monitoring.coreos.com_prometheusrules.yaml",
        ),
    ),
)

POM = Path(__file__).with_name("strimzi-pom.xml")
JARS = Path(__file__).with_name("strimzi-jars.sha256")
STRIMZI = {
    "kafkas": "io.strimzi.api.kafka.model.kafka.Kafka",
    "kafkanodepools": "io.strimzi.api.kafka.model.nodepool.KafkaNodePool",
    "kafkatopics": "io.strimzi.api.kafka.model.topic.KafkaTopic",
    "kafkausers": "io.strimzi.api.kafka.model.user.KafkaUser",
}
"""Strimzi keeps its definitions as Java classes: file to class."""


def definitions() -> Path:
    """Folder of the definitions, one YAML file each.

    Raises:
        EngineError: a toolchain is missing, or something cannot be had or is not what it should be.
    """
    source = sha256(Path(__file__)) + sha256(JARS)
    return installed("custom-resources", version="1", source=source, make=_make) / "definitions"


def _plain(text: str) -> str:
    """A definition as it is; out of a Helm chart: without the labels, which only the chart's own values would fill."""
    if "{{" not in text:
        return text
    definition = yaml.safe_load(text)
    definition["metadata"] = {"name": definition["metadata"]["name"]}
    return yaml.safe_dump(definition, sort_keys=False, allow_unicode=True)


def _make(home: Path) -> None:
    target = home / "definitions"
    target.mkdir()
    _report("getting the definitions of cert-manager, CloudNativePG, External Secrets, Prometheus operator and Strimzi")
    for operator in OPERATORS:
        source = get_module(operator.module, version=operator.version, checksum=operator.checksum)
        for file in operator.files:
            text = (source / file).read_text(encoding="utf-8")
            (target / Path(file).name).write_text(_plain(text), encoding="utf-8")
    with tempfile.TemporaryDirectory(prefix="strimzi.", dir=cache_root()) as workshop:
        jars = Path(workshop)
        get_jars(POM, JARS, jars, report=_report)
        files = [f"{kind}={target / f'kafka.strimzi.io_{name}.yaml'}" for name, kind in STRIMZI.items()]
        options = ["--yaml", "--target-kube", "1.27+", "--crd-api-version", "v1", "--api-versions", "v1"]
        output([java(), "-cp", f"{jars}/*", "io.strimzi.crdgenerator.CrdGenerator", *options, *files])
    _report("there")
