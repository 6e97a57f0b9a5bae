"""The Compose file is sound by the specification's own implementation, and agrees with the code and the manifests."""

import json
import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

import psycopg
import pytest
import yaml
from sqlalchemy import make_url

from contracts.rights import RIGHTS
from deploy.engines import postgresql
from deploy.engines.compose_spec import compose_spec
from deploy.engines.kafka import _GUARDED
from deploy.engines.server_tls import ServerTls
from deploy.kafka.__main__ import scripts
from stackwatch.cli import VERBS
from stackwatch.settings import Settings, read_settings, variable
from tests.deploy.overlays import ROOT, objects, pod_templates, text

COMPOSE = ROOT / "deploy" / "compose"
PROCESSES = ("gateway", "relay", "rollcall", "worker", "alerts", "web")
KNOWN = {variable(field): field for field in Settings.model_fields}


@cache
def model() -> dict:
    """The file as its own implementation understands it."""
    command = [compose_spec(), "--format", "json", str(COMPOSE / "compose.yaml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=COMPOSE)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_misspelt_key_would_be_refused(tmp_path: Path) -> None:
    wrong = tmp_path / "compose.yaml"
    wrong.write_text("services: {web: {image: stackwatch, comand: [web]}}")
    done = subprocess.run([compose_spec(), str(wrong)], capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "comand" in done.stdout + done.stderr


@pytest.mark.parametrize("name", PROCESSES)
def test_a_process_is_told_what_its_settings_know(name: str) -> None:
    service = model()["services"][name]
    (verb,) = service["command"]
    assert verb in VERBS
    given = {key: value for key, value in service["environment"].items() if key.startswith("STACKWATCH_")}
    settings = read_settings(**{KNOWN[key]: value for key, value in given.items()})
    assert settings.kafka_replication == 1
    secrets = {
        f"/run/secrets/{secret.get('target', secret['source'])}".replace("/run/secrets//", "/")
        for secret in service.get("secrets", [])
    }
    files = {value for key, value in given.items() if key.endswith("_FILE")}
    assert files == secrets


@pytest.mark.parametrize("name", PROCESSES)
def test_a_process_may_do_nothing_but_its_work(name: str) -> None:
    service = model()["services"][name]
    assert service["read_only"] is True
    assert service["user"] == "10001:10001"
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


def test_only_loggers_come_in_from_outside() -> None:
    open_to_all = {
        (name, port["target"])
        for name, service in model()["services"].items()
        for port in service.get("ports", [])
        if port.get("host_ip") != "127.0.0.1"
    }
    assert open_to_all == {("relay", 9212), ("mosquitto", 8883)}


def test_secrets_are_made_once_and_are_all_there(tmp_path: Path) -> None:
    script = tmp_path / "make-secrets"
    shutil.copy(COMPOSE / "make-secrets", script)
    subprocess.run([script, "logs.example"], check=True)
    first = {path.relative_to(tmp_path): path.read_text() for path in tmp_path.rglob("secrets/**/*") if path.is_file()}
    subprocess.run([script, "logs.example"], check=True)
    again = {path.relative_to(tmp_path): path.read_text() for path in tmp_path.rglob("secrets/**/*") if path.is_file()}
    assert first == again
    wanted = {str(Path(secret["file"]).relative_to(COMPOSE)) for secret in model()["secrets"].values()}
    of_engines = {str(path) for path in first if path.name in {"tls.crt", "tls.key", "keystore.pem"}}
    assert {str(path) for path in first} == wanted | of_engines | {"secrets/tls/ca.key", "secrets/tls/ca.srl"}
    assert len(set(first.values())) == len(first)
    assert oct((tmp_path / "secrets" / "tls" / "ca.key").stat().st_mode)[-3:] == "600"
    assert oct((tmp_path / "secrets").stat().st_mode)[-3:] == "700"


def test_certificates_are_of_the_names_that_clients_call(tmp_path: Path) -> None:
    shutil.copy(COMPOSE / "make-secrets", tmp_path)
    subprocess.run([tmp_path / "make-secrets", "logs.example"], check=True)
    tls = tmp_path / "secrets" / "tls"
    for engine in (path.name for path in tls.iterdir() if path.is_dir()):
        names = {engine, "logs.example"} if engine == "mosquitto" else {engine}
        for name in names:
            check = ["openssl", "verify", "-CAfile", tls / "ca.crt", "-verify_hostname", name, tls / engine / "tls.crt"]
            subprocess.run(check, check=True, capture_output=True)


def test_prometheus_looks_at_every_process_where_it_answers() -> None:
    scraped = yaml.safe_load((ROOT / "deploy" / "prometheus" / "prometheus.yaml").read_text())["scrape_configs"]
    found = {job["job_name"]: job["static_configs"][0]["targets"] for job in scraped}
    services = model()["services"]
    assert found == {name: [f"{name}:{services[name]['environment']['STACKWATCH_HEALTH_PORT']}"] for name in PROCESSES}


def test_engines_have_the_versions_of_the_manifests() -> None:
    of_manifests = set(filter(None, (line.partition("image: ")[2] for line in text("city").splitlines())))
    services = model()["services"]
    for name in ("mosquitto", "influxdb", "web"):
        assert services[name]["image"] in of_manifests
    (cluster,) = (item for item in objects("city") if item["apiVersion"].startswith("postgresql.cnpg.io"))
    assert services["postgresql"]["image"].partition(":")[2] == cluster["spec"]["imageName"].partition(":")[2]


def test_each_process_logs_in_to_kafka_as_itself() -> None:
    services = model()["services"]
    for name in RIGHTS:
        environment = services[name]["environment"]
        assert (environment["STACKWATCH_KAFKA_USERNAME"], environment["STACKWATCH_KAFKA_PROTOCOL"]) == (
            name,
            "SASL_SSL",
        )
        sources = {secret["target"]: secret["source"] for secret in services[name]["secrets"]}
        assert sources["kafka"] == f"kafka-{name}"
        assert services[name]["depends_on"]["kafka-logins"]["condition"] == "service_completed_successfully"
    assert "STACKWATCH_KAFKA" not in services["relay"]["environment"]


def test_kafka_is_guarded_as_the_one_that_was_tried() -> None:
    def property_of(variable: str) -> str:
        name = variable.removeprefix("KAFKA_").replace("___", "-").replace("__", "~").replace("_", ".")
        return name.replace("~", "_").lower()

    given = {property_of(key): value for key, value in model()["services"]["kafka"]["environment"].items()}
    tried = dict(line.split("=", 1) for line in _GUARDED.replace("\\\n", "").splitlines() if not line.startswith("#"))
    of_the_place = {"listeners", "advertised.listeners", "ssl.keystore.location"}
    assert {key: given[key].strip() for key in tried.keys() - of_the_place} == {
        key: value.strip() for key, value in tried.items() if key not in of_the_place
    }
    for listener in given["listeners"].split(","):
        name, _, place = listener.partition("://")
        assert (name == "CLIENTS") != place.startswith("localhost:"), "only clients come from outside of the container"


def test_no_engine_is_spoken_to_without_tls() -> None:
    services = model()["services"]
    secrets = model()["secrets"]
    for name in PROCESSES:
        environment = services[name]["environment"]
        assert environment.get("STACKWATCH_MQTT", "mqtts://").startswith("mqtts://")
        assert environment.get("STACKWATCH_KAFKA_PROTOCOL", "SASL_SSL") == "SASL_SSL"
        assert environment.get("STACKWATCH_SERIES", "influxdbs://").startswith("influxdbs://")
        assert "sslmode=verify-full" in environment.get("STACKWATCH_DATABASE", "sslmode=verify-full")
    series = services["influxdb"]["environment"]
    assert (series["INFLUXD_TLS_CERT"], series["INFLUXD_TLS_KEY"]) == tuple(
        f"/run/secrets/{secret['source']}" for secret in services["influxdb"]["secrets"][-2:]
    )
    for engine in ("influxdb", "postgresql"):
        assert {Path(secrets[f"{engine}-{part}"]["file"]).parent.name for part in ("certificate", "key")} == {engine}
    graphs = yaml.safe_load((ROOT / "deploy/grafana/provisioning/datasources/stackwatch.yaml").read_text())
    (shown,) = (source for source in graphs["datasources"] if source["type"] == "influxdb")
    assert shown["url"].startswith("https://influxdb:")
    assert {secret["source"] for secret in services["grafana"]["secrets"]} >= {"ca", "influxdb-token"}


def test_the_database_takes_the_made_certificate_and_lets_nobody_in_without_tls(tmp_path: Path) -> None:
    """The certificate and options of the container's own start-up script, on a PostgreSQL of this machine."""
    shutil.copy(COMPOSE / "make-secrets", tmp_path)
    subprocess.run([tmp_path / "make-secrets"], check=True)
    made = tmp_path / "secrets" / "tls"
    given = dict(re.findall(r"-c (\w+)=(\S+)", (COMPOSE / "postgresql" / "serve").read_text()))
    service = model()["services"]["postgresql"]
    assert given["ssl_cert_file"].rpartition("/")[2] in {secret["source"] for secret in service["secrets"]}
    assert given["ssl_key_file"].rpartition("/")[0] in {place.partition(":")[0] for place in service["tmpfs"]}
    assert given["hba_file"] == "/etc/postgresql/pg_hba.conf"
    tls = ServerTls(
        certificate=made / "postgresql" / "tls.crt", key=made / "postgresql" / "tls.key", authority=made / "ca.crt"
    )
    with postgresql(tmp_path / "data", tls=tls) as engine:
        address = make_url(engine.url)
        place = {"hostaddr": address.host, "port": address.port, "user": address.username, "dbname": address.database}
        place |= {"password": address.password, "sslrootcert": str(tls.authority)}
        with psycopg.connect(**place, host="postgresql", sslmode="verify-full") as connection:
            assert connection.execute("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()").fetchone() == (True,)
        with pytest.raises(psycopg.OperationalError, match="no encryption"):
            psycopg.connect(**place, host="postgresql", sslmode="disable")
    assert (given["ssl"], given["ssl_min_protocol_version"]) == ("on", "TLSv1.2")
    lines = (COMPOSE / "postgresql" / "pg_hba.conf").read_text().splitlines()
    from_outside = [line.split() for line in lines if line and not line.startswith(("#", "local"))]
    assert from_outside == [["hostssl", "all", "all", "all", "scram-sha-256"]]


@pytest.mark.parametrize("path", scripts(), ids=lambda path: path.name)
def test_generated_scripts_are_as_generated(path: Path) -> None:
    assert path.read_text() == scripts()[path], "run python -m deploy.kafka"
    assert os.access(path, os.X_OK)


def test_the_mqtt_broker_runs_as_in_a_cluster() -> None:
    (template,) = (pod for owner, pod in pod_templates("city") if owner == "StatefulSet/mosquitto")
    (container,) = template["spec"]["containers"]
    service = model()["services"]["mosquitto"]
    assert service["command"] == container["command"]
    here = {Path(mount["target"]) for mount in [*service["volumes"], *({"target": t} for t in ["/mosquitto/logins"])]}
    for mount in container["volumeMounts"]:
        place = Path(mount["mountPath"])
        assert any(place in (path, *path.parents) for path in here), place


def test_every_file_that_is_mounted_exists() -> None:
    for name, service in model()["services"].items():
        for mount in service.get("volumes", []):
            if mount["type"] == "bind" and not {"secrets", "devices"} & set(Path(mount["source"]).parts):
                assert Path(mount["source"]).exists(), (name, mount["source"])
