"""What a real InfluxDB does beyond the suite that all stores pass."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from influxdb_client import InfluxDBClient
from influxdb_client.client.write_api import SYNCHRONOUS

from stores import open_store
from stores.influxdb import InfluxStore
from stores.port import StoreRefused, StoreUnavailable
from tests.conformance.places import InfluxPlace
from tests.conformance.points import H0, HOUR, hour, rate, reading
from tests.conformance.series import all_hours, all_readings

USES = pytest.mark.parametrize(
    "use",
    [
        pytest.param(lambda store: store.write([reading()]), id="writing"),
        pytest.param(all_hours, id="reading"),
        pytest.param(lambda store: store.ping(), id="ping"),
    ],
)


@pytest.fixture
def place(influx_engine):
    return InfluxPlace(influx_engine, f"bucket-{uuid.uuid4()}")


@pytest.fixture
def client(influx_engine):
    with InfluxDBClient(influx_engine.url, influx_engine.token, org=influx_engine.org) as client:
        yield client


def held(client, place, measurement):
    """Fields and tags of the only point of a measurement, as a dashboard sees them."""
    tables = client.query_api().query(
        f'from(bucket: "{place.bucket}") |> range(start: 0, stop: 2261-01-01T00:00:00Z)'
        f' |> filter(fn: (r) => r._measurement == "{measurement}")'
    )
    records = [record for table in tables for record in table.records]
    fields = {record.get_field(): record.get_value() for record in records}
    (at,) = {record.get_time() for record in records}
    tags = {name: value for name, value in records[0].values.items() if not name.startswith("_")}
    return at, {name: value for name, value in tags.items() if name not in {"result", "table"}}, fields


def test_measurements_are_as_published(client, place, store):
    store.write([reading(), hour(), rate()])
    assert held(client, place, "reading") == (
        H0,
        {"outlet": "P1-01", "enterprise": "P1", "county": "371502", "cn": "2061"},
        {"received_at": 1795482003120000, "a21026-Avg": 12.3, "a21026-ZsAvg": 12.05, "a21026-Flag": "N"},
    )
    at, tags, fields = held(client, place, "hour")
    assert (at, tags) == (H0, {"outlet": "P1-01", "county": "371502", "pollutant": "a21026"})
    assert fields.pop("line").startswith('{"kind":"hour"')
    assert fields == {
        "raw": 12.3,
        "converted": 12.05,
        "limit": 35.0,
        "state": "valid",
        "reason": "ok",
        "verdict": "within",
        "in_time": True,
        "revision": 0,
    }
    at, tags, fields = held(client, place, "rate")
    assert at == datetime(2026, 10, 31, 16, tzinfo=UTC)
    assert tags == {"level": "county", "id": "371502", "window": "month", "track": "in_time"}
    assert fields["effective_pct"] == 94.91


def test_a_number_that_is_no_more_is_gone_from_dashboards_too(client, place, store):
    store.write([hour()])
    store.write([hour(revision=1, state="excluded", raw_mg_m3=None)])
    _, _, fields = held(client, place, "hour")
    assert "raw" not in fields
    assert (fields["revision"], fields["state"], fields["converted"]) == (1, "excluded", 12.05)


def test_points_that_clash_with_what_others_wrote_are_refused_and_the_rest_is_written(client, place, store):
    line = 'reading,outlet=X,county=Y,cn=2061 a21026-Avg="text" 1795478400000000000'
    client.write_api(write_options=SYNCHRONOUS).write(place.bucket, record=line)
    clashing = [reading(at=H0 + n * HOUR) for n in (3, 17)]
    others = [reading(at=H0 + n * HOUR, numbers={"a21002-Avg": 1.0}) for n in range(24) if n not in {3, 17}]
    with pytest.raises(StoreRefused, match="field type conflict") as refused:
        store.write([*others[:10], clashing[0], *others[10:], clashing[1], hour()])
    assert refused.value.points == tuple(clashing)
    assert all_readings(store) == others
    assert all_hours(store) == [hour()]


def test_points_older_than_the_bucket_keeps_are_refused(influx_engine):
    place = InfluxPlace(influx_engine, f"short-{uuid.uuid4()}", keep_s=86_400)
    store = place.open()
    now = datetime.now(tz=UTC).replace(microsecond=0)
    fresh, stale = reading(at=now), reading(at=now - timedelta(days=2))
    with pytest.raises(StoreRefused, match="retention policy") as refused:
        store.write([stale, fresh])
    assert refused.value.points == (stale,)
    assert store.readings("P1-01", cn="2061", start=now - timedelta(days=9), end=now + HOUR) == [fresh]
    assert store.ping().endswith(f"bucket {place.bucket} keeps 1 days")
    store.close()


def test_a_bucket_that_keeps_everything_says_so(store):
    assert store.ping().endswith("keeps everything")


@pytest.mark.parametrize(
    "use", [lambda s: s.write([hour()]), all_hours, lambda s: s.ping()], ids=["write", "read", "ping"]
)
def test_a_wrong_token_means_later(place, use):
    store = open_store(place.address, token="wrong")
    with pytest.raises(StoreUnavailable, match="401 unauthorized"):
        use(store)
    store.close()


@pytest.mark.parametrize(
    "use", [lambda s: s.write([reading()]), all_hours, lambda s: s.ping()], ids=["write", "read", "ping"]
)
def test_a_missing_bucket_means_later_and_is_named(influx_engine, use):
    store = InfluxStore(influx_engine.url, influx_engine.token, influx_engine.org, "nowhere")
    with pytest.raises(StoreUnavailable, match="nowhere"):
        use(store)
    store.close()


@pytest.mark.parametrize(
    "use", [lambda s: s.write([reading()]), all_hours, lambda s: s.ping()], ids=["write", "read", "ping"]
)
def test_an_engine_that_hangs_means_later_and_goes_on_afterwards(influx_engine, place, use):
    store = InfluxStore(influx_engine.url, influx_engine.token, influx_engine.org, place.bucket, timeout_s=0.5)
    influx_engine.process.freeze()
    try:
        with pytest.raises(StoreUnavailable, match="timed out"):
            use(store)
    finally:
        influx_engine.process.thaw()
    patient = place.open()
    patient.write([hour()])
    assert all_hours(patient) == [hour()]
    patient.close()
    store.close()
