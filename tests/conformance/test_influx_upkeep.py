"""What a real InfluxDB keeps, thins out and copies, once it has been set up."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner
from influxdb_client import InfluxDBClient
from influxdb_client.client.write_api import SYNCHRONOUS

from stackwatch.cli import root
from stores import StoreUnavailable, influx_address
from stores.influx_upkeep import MEANS, SUFFIX, TASKS, set_up


@pytest.fixture
def client(influx_engine):
    with InfluxDBClient(influx_engine.url, influx_engine.token, org=influx_engine.org) as client:
        yield client


@pytest.fixture
def bucket(influx_engine, client):
    name = f"b{uuid.uuid4().hex}"
    yield name
    for task in client.tasks_api().find_tasks(limit=500):
        if name in task.flux:
            client.tasks_api().delete_task(task.id)


def make(engine, bucket, days=400):
    return list(set_up(engine.url, engine.token, engine.org, bucket, keep=timedelta(days=days)))


def kept_days(client, bucket):
    found = client.buckets_api().find_bucket_by_name(bucket)
    return sum(rule.every_seconds or 0 for rule in found.retention_rules) / 86_400


def test_it_is_set_up_once_and_again_changes_nothing(influx_engine, client, bucket):
    first = make(influx_engine, bucket)
    assert len(first) == 2 + len(TASKS)
    assert (kept_days(client, bucket), kept_days(client, bucket + SUFFIX)) == (400, 0)
    assert make(influx_engine, bucket) == []


def test_another_retention_and_a_task_that_was_switched_off_are_brought_in_line(influx_engine, client, bucket):
    make(influx_engine, bucket)
    task = next(task for task in client.tasks_api().find_tasks(limit=500) if bucket in task.flux)
    task.status = "inactive"
    client.tasks_api().update_task(task)
    assert make(influx_engine, bucket, days=800) == [
        f"bucket {bucket}: now keeps 800 days",
        f"task {task.name!r}: changed",
    ]
    assert kept_days(client, bucket) == 800


def test_readings_become_means_and_what_was_judged_is_copied(influx_engine, client, bucket):
    make(influx_engine, bucket)
    window = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=1)
    lines = [
        f'reading,outlet=o1,cn=2011 a21026-Rtd={value},a21026-Flag="N" {int((window + minute).timestamp())}'
        for value, minute in ((10.0, timedelta(minutes=1)), (20.0, timedelta(minutes=9)), (40.0, timedelta(minutes=10)))
    ]
    lines.append(f"reading,outlet=o1,cn=2061 a21026-Avg=99 {int(window.timestamp())}")
    lines.append(f'hour,outlet=o1,pollutant=a21026 raw=25.5,state="valid",revision=0i {int(window.timestamp())}')
    client.write_api(write_options=SYNCHRONOUS).write(bucket, record=lines, write_precision="s")
    for task in TASKS:
        script = f'import "date"\nimport "types"\n{task.query(bucket)}'
        for _ in range(2):  # again writes the same
            client.query_api().query(script)
    tables = client.query_api().query(f'from(bucket: "{bucket}{SUFFIX}") |> range(start: 0)')
    got = {(r.get_measurement(), r.get_field(), r.get_time()): r.get_value() for table in tables for r in table.records}
    assert got == {
        (MEANS, "a21026-Rtd", window): 15.0,
        (MEANS, "a21026-Rtd", window + timedelta(minutes=10)): 40.0,
        ("hour", "raw", window): 25.5,
        ("hour", "state", window): "valid",
        ("hour", "revision", window): 0,
    }


@pytest.mark.parametrize(
    ("org", "token", "says"),
    [
        pytest.param("nobody", None, "nobody", id="an organisation that is not there"),
        pytest.param(None, "wrong", "401", id="a token that opens nothing"),
    ],
)
def test_what_is_in_the_way_is_said(influx_engine, org, token, says):
    given = (influx_engine.url, token or influx_engine.token, org or influx_engine.org)
    with pytest.raises(StoreUnavailable, match=says):
        list(set_up(*given, "any"))


def test_the_verb_makes_all_ready(influx_engine, bucket, tmp_path, monkeypatch):
    monkeypatch.setenv("STACKWATCH_DATABASE", f"sqlite:///{tmp_path}/alerts.sqlite")
    monkeypatch.setenv("STACKWATCH_SERIES", influx_engine.env["STACKWATCH_SERIES"].rpartition("/")[0] + "/" + bucket)
    monkeypatch.setenv("STACKWATCH_SERIES_TOKEN_FILE", str(influx_engine.token_file))
    assert influx_address(f"influxdb://h:1/o/{bucket}").bucket == bucket
    said = CliRunner().invoke(root, ["init", "--no-topics", "--keep-days", "500"])
    assert said.exit_code == 0, said.output
    assert f"bucket {bucket}: made, keeps 500 days" in said.output
    said = CliRunner().invoke(root, ["init", "--no-topics", "--keep-days", "500"])
    assert "buckets and tasks are as they should be" in said.output
