"""The overlays say what the code says: environment, topics, ports, rights; and keep to what may stand in a manifest."""

import json
import subprocess
import sys

import pytest
from sqlalchemy import inspect

from alerts.database import open_database
from contracts.rights import RIGHTS
from contracts.topics import PACKETS, TOPICS
from deploy.engines.manifest_tools import module, python
from deploy.k8s.generated import generated
from stackwatch.cli import VERBS
from stackwatch.settings import Settings, read_settings, variable
from tests.deploy.overlays import K8S, OVERLAYS, Object, environment, objects, of_kind, one, ours, pod_templates, text

KNOWN = {variable(field): field for field in Settings.model_fields}
PROCESSES = {"gateway", "relay", "rollcall", "worker", "alerts", "web"}
CONFIG_MAP_LIMIT = 1024 * 1024

each_overlay = pytest.mark.parametrize("overlay", OVERLAYS)


def process(overlay: str, name: str) -> tuple[Object, Object]:
    """Pod template and container of a process."""
    return next((template, container) for found, template, container in ours(overlay) if found == name)


def labels_match(selector: Object, labels: Object) -> bool:
    """Whether a selector of labels takes in a pod."""
    return selector.get("matchLabels", {}).items() <= labels.items()


@each_overlay
def test_schemas_of_kubernetes_hold(overlay: str) -> None:
    code = """
import json, sys, kubernetes_validate as judge
for one in json.load(sys.stdin):
    try:
        judge.validate(one, "1.34", strict=True)
    except judge.ValidationError as error:
        print(one["kind"], one["metadata"]["name"], error)
    except judge.SchemaNotFoundError:
        if "." not in one["apiVersion"] or "k8s.io" in one["apiVersion"]:
            print("no schema of", one["kind"])
"""
    assert python(code, given=json.dumps(objects(overlay))) == ""


@each_overlay
def test_policies_hold(overlay: str, tmp_path) -> None:
    rendered = tmp_path / "rendered.yaml"
    rendered.write_text(text(overlay))
    command, env = module(
        "checkov.main", "--file", str(rendered), "--framework", "kubernetes", "--skip-download", "--output", "json"
    )
    rules = K8S / "policies.yaml"
    done = subprocess.run([*command, "--config-file", str(rules)], env=env, capture_output=True, text=True, check=False)
    report = json.loads(done.stdout)
    failed = {
        (check["check_id"], check["check_name"], check["resource"]) for check in report["results"]["failed_checks"]
    }
    assert not failed
    assert report["summary"]["passed"] > 500
    assert report["summary"]["parsing_errors"] == 0


@each_overlay
def test_every_process_runs_with_a_verb_that_exists(overlay: str) -> None:
    found = {name: container["args"][0] for name, _, container in ours(overlay) if "command" not in container}
    assert found.keys() >= PROCESSES
    assert set(found.values()) <= VERBS.keys()


@each_overlay
def test_the_environment_is_what_the_settings_know(overlay: str) -> None:
    for name, _, container in ours(overlay):
        if name not in PROCESSES:
            continue
        given = {key: value for key, value in environment(overlay, container).items() if key.startswith("STACKWATCH_")}
        assert given.keys() <= KNOWN.keys(), name
        settings = read_settings(**{KNOWN[key]: value for key, value in given.items()})
        assert (
            settings.kafka_replication
            == one(overlay, "Kafka", "kafka")["spec"]["kafka"]["config"]["default.replication.factor"]
        )
        mounts = [mount["mountPath"] for mount in container["volumeMounts"]]
        files = [value for key, value in given.items() if key.endswith("_FILE")]
        assert all(any(file == mount or file.startswith(f"{mount}/") for mount in mounts) for file in files), name


@each_overlay
def test_a_process_has_the_secrets_it_needs_and_no_others(overlay: str) -> None:
    needs = {
        "kafka": "STACKWATCH_KAFKA_PASSWORD_FILE",
        "mqtt": "STACKWATCH_MQTT_PASSWORD_FILE",
        "series": "STACKWATCH_SERIES_TOKEN_FILE",
        "database": "STACKWATCH_DATABASE_PASSWORD_FILE",
    }
    for name, template, container in ours(overlay):
        given = environment(overlay, container)
        for engine, file in needs.items():
            is_client = template["metadata"]["labels"].get(f"stackwatch.io/{engine}") == "client"
            assert (file in given) == is_client, (name, engine)


@each_overlay
def test_ports_are_those_the_process_listens_on(overlay: str) -> None:
    for name in PROCESSES:
        _, container = process(overlay, name)
        given = environment(overlay, container)
        settings = read_settings(**{KNOWN[key]: value for key, value in given.items() if key in KNOWN})
        ports = {port["name"]: port["containerPort"] for port in container["ports"]}
        assert ports.pop("http") == (settings.web_port if name == "web" else settings.health_port)
        assert ports == ({"hj212": settings.relay_port} if name == "relay" else {})


@each_overlay
def test_topics_are_those_of_the_contract(overlay: str) -> None:
    found = {
        topic["metadata"]["name"]: (topic["spec"]["partitions"], topic["spec"]["config"])
        for topic in of_kind(overlay, "KafkaTopic")
    }
    assert found == {topic.name: (topic.partitions, topic.config) for topic in TOPICS}


@each_overlay
def test_each_process_logs_in_to_kafka_as_itself(overlay: str) -> None:
    users = {user["metadata"]["name"] for user in of_kind(overlay, "KafkaUser")}
    assert users == {*RIGHTS, "auditor"}
    for name, template, container in ours(overlay):
        if template["metadata"]["labels"].get("stackwatch.io/kafka") != "client":
            continue
        assert environment(overlay, container)["STACKWATCH_KAFKA_USERNAME"] == (
            "{metadata.labels['app.kubernetes.io/component']}"
        )
        secrets = {volume["name"]: volume.get("secret", {}) for volume in template["spec"]["volumes"]}
        assert secrets["kafka-password"]["secretName"] == f"kafka-{name}"
    listeners = one(overlay, "Kafka", "kafka")["spec"]["kafka"]["listeners"]
    assert [(listener["tls"], "authentication" in listener) for listener in listeners] == [(True, True)]


@pytest.mark.parametrize("path", generated(), ids=lambda path: path.name)
def test_generated_files_are_as_generated(path) -> None:
    assert path.read_text() == generated()[path], "run python -m deploy.k8s.generated"


@each_overlay
def test_workers_are_fixed_in_number_and_all_have_work(overlay: str) -> None:
    worker = one(overlay, "StatefulSet", "worker")
    assert 1 <= worker["spec"]["replicas"] <= PACKETS.partitions
    scaled = {scaler["spec"]["scaleTargetRef"]["name"] for scaler in of_kind(overlay, "HorizontalPodAutoscaler")}
    assert scaled <= {"web", "relay"}
    # A number in the manifest would be set back at every apply.
    assert all("replicas" not in one(overlay, "Deployment", name)["spec"] for name in scaled)


@each_overlay
def test_of_what_has_one_session_or_one_owner_never_two_run(overlay: str) -> None:
    for name in ("gateway", "alerts"):
        spec = one(overlay, "Deployment", name)["spec"]
        assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})


@each_overlay
def test_selectors_find_pods(overlay: str) -> None:
    pods = [template["metadata"]["labels"] for _, template in pod_templates(overlay)]
    operators = ("strimzi.io/", "cnpg.io/")
    for item in of_kind(overlay, "Service", "PodDisruptionBudget", "NetworkPolicy", "PodMonitor"):
        spec = item["spec"]
        selector = spec.get("selector") or spec.get("podSelector") or {}
        selector = selector if "matchLabels" in selector else {"matchLabels": selector}
        if any(key.startswith(operators) for key in selector["matchLabels"]):
            continue
        assert any(labels_match(selector, labels) for labels in pods), item["metadata"]["name"]


@each_overlay
def test_nothing_may_talk_unless_a_policy_says_so(overlay: str) -> None:
    everything = [
        policy["spec"]["policyTypes"]
        for policy in of_kind(overlay, "NetworkPolicy")
        if policy["spec"]["podSelector"] == {} and not policy["spec"].keys() & {"ingress", "egress"}
    ]
    assert everything == [["Ingress", "Egress"]]


@each_overlay
def test_no_secret_stands_in_a_manifest(overlay: str) -> None:
    assert not of_kind(overlay, "Secret")
    for name, template in pod_templates(overlay):
        for container in template["spec"]["containers"]:
            for entry in container.get("env", []):
                assert "secretKeyRef" not in entry.get("valueFrom", {}), (name, "secrets come as files")


@each_overlay
def test_everything_that_is_mounted_exists_or_is_known_to_come_from_elsewhere(overlay: str) -> None:
    maps = {item["metadata"]["name"] for item in of_kind(overlay, "ConfigMap")}
    claims = {item["metadata"]["name"] for item in of_kind(overlay, "PersistentVolumeClaim")}
    by_hand = {"mqtt-logins", "mosquitto-tls", "influxdb", "influxdb-tls", "web-sessions"}
    by_operator = {"postgresql-app", "postgresql-ca", "kafka-cluster-ca-cert", *(f"kafka-{name}" for name in RIGHTS)}
    for name, template in pod_templates(overlay):
        for volume in template["spec"]["volumes"]:
            if "configMap" in volume:
                assert volume["configMap"]["name"] in maps, name
            if "secret" in volume:
                assert volume["secret"]["secretName"] in by_hand | by_operator, name
            if "persistentVolumeClaim" in volume and not name.startswith("StatefulSet/"):
                assert volume["persistentVolumeClaim"]["claimName"] in claims, name


@each_overlay
def test_config_maps_fit(overlay: str) -> None:
    for item in of_kind(overlay, "ConfigMap"):
        assert len(json.dumps(item["data"], ensure_ascii=False).encode()) < CONFIG_MAP_LIMIT


@pytest.mark.parametrize("overlay", ["demo", "city"])
def test_the_register_can_be_read(overlay: str) -> None:
    command = [sys.executable, "-m", "stackwatch", "check", "register", str(K8S / "overlays" / overlay / "register")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_demo_has_the_register_that_its_simulator_plays(tmp_path) -> None:
    _, container = process("demo", "simulator")
    command = [sys.executable, "-m", "stackwatch", *container["args"][:2], "--register", str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True)
    files = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert files == {path.name: path.read_text() for path in (K8S / "overlays" / "demo" / "register").iterdir()}


def test_the_upgrade_job_makes_the_tables(tmp_path) -> None:
    _, container = process("city", "database-upgrade")
    _, flag, code = container["command"]
    url = f"sqlite:///{tmp_path}/alerts.sqlite"
    subprocess.run([sys.executable, flag, code], check=True, env={"STACKWATCH_DATABASE": url}, cwd=K8S.parents[1])
    engine = open_database(url)
    assert {"alerts", "cases", "outbox"} <= set(inspect(engine).get_table_names())
    engine.dispose()
