"""Series and alerts travel through TLS, to the store that is meant and to no other."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import trustme
from pydantic import SecretStr
from sqlalchemy import make_url, text

from alerts.database import DatabaseUnavailable, prepare
from deploy.engines import InfluxEngine, PostgresEngine, influxdb, postgresql
from deploy.engines.server_tls import ServerTls
from stackwatch.checkup import _database, _series
from stackwatch.process import series_store
from stackwatch.settings import Settings
from stores import StoreRefused, StoreUnavailable
from tests.conformance.points import H0, reading
from tests.security.conftest import Authority
from tests.security.test_path import settings_of

# A machine that has no InfluxDB yet builds it here.
pytestmark = pytest.mark.timeout(1800)


@pytest.fixture(scope="module")
def tls(authority: Authority) -> ServerTls:
    certificate, key = authority.server("stores", "127.0.0.1")
    return ServerTls(certificate=certificate, key=key, authority=authority.file)


@pytest.fixture(scope="module")
def series(tls: ServerTls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxEngine]:
    with influxdb(tmp_path_factory.mktemp("influxdb"), tls=tls) as engine:
        yield engine


@pytest.fixture(scope="module")
def database(tls: ServerTls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresEngine]:
    with postgresql(tmp_path_factory.mktemp("postgresql"), tls=tls) as engine:
        yield engine


@pytest.fixture
def stranger(tmp_path: Path) -> Path:
    """Certificates of an authority that signed nothing here."""
    trustme.CA().cert_pem.write_to_path(tmp_path / "stranger.pem")
    return tmp_path / "stranger.pem"


def test_the_series_store_is_spoken_to_through_tls(series: InfluxEngine, authority: Authority) -> None:
    assert series.env["STACKWATCH_SERIES"].startswith("influxdbs://")
    store = series_store(settings_of(series.env | {"STACKWATCH_SERIES_CA_FILE": str(authority.file)}))
    assert store.ping().startswith("InfluxDB 2")
    store.close()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param({"series_ca_file": None}, "CERTIFICATE_VERIFY_FAILED", id="of an authority the system knows"),
        pytest.param({"series_ca_file": "stranger"}, "CERTIFICATE_VERIFY_FAILED", id="of another authority"),
        pytest.param({"host": "localhost"}, "Hostname mismatch|doesn't match|not valid", id="of another name"),
    ],
)
def test_another_series_store_is_not_believed(
    series: InfluxEngine, authority: Authority, stranger: Path, change: dict, said: str
) -> None:
    address = series.env["STACKWATCH_SERIES"].replace("127.0.0.1", change.get("host", "127.0.0.1"))
    trusted = change.get("series_ca_file", authority.file)
    given = Settings(
        series=address,
        series_token_file=series.token_file,
        series_ca_file=stranger if trusted == "stranger" else trusted,
    )
    store = series_store(given)
    with pytest.raises(StoreUnavailable, match=said) as caught:
        store.ping()
    store.close()
    assert series.token not in str(caught.value)


def address(engine: PostgresEngine, authority: Path, *, host: str = "127.0.0.1", mode: str = "verify-full") -> str:
    """Of the database, as in a cluster: without its password."""
    url = make_url(engine.url)
    return f"postgresql://{url.username}@{host}:{url.port}/{url.database}?sslmode={mode}&sslrootcert={authority}"


def password(engine: PostgresEngine) -> SecretStr:
    return SecretStr(make_url(engine.url).password or "")


def test_the_database_is_spoken_to_through_tls(database: PostgresEngine, authority: Authority) -> None:
    engine = prepare(address(database, authority.file), password=password(database))
    with engine.connect() as connection:
        assert connection.execute(text("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")).scalar() is True
    engine.dispose()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param({"authority": "stranger"}, "certificate verify failed", id="of another authority"),
        pytest.param({"host": "localhost"}, "does not match host name", id="of another name"),
        pytest.param({"mode": "disable"}, "no encryption", id="without TLS"),
    ],
)
def test_another_database_is_not_believed(
    database: PostgresEngine, authority: Authority, stranger: Path, change: dict, said: str
) -> None:
    trusted = stranger if change.pop("authority", "") else authority.file
    with pytest.raises(DatabaseUnavailable, match=said) as caught:
        prepare(address(database, trusted, **change), password=password(database))
    assert password(database).get_secret_value() not in f"{caught.value} {caught.value.__cause__}"


def test_the_doctor_sees_both_through_tls(
    series: InfluxEngine, database: PostgresEngine, authority: Authority, tmp_path: Path
) -> None:
    (tmp_path / "password").write_text(password(database).get_secret_value())
    given = Settings(
        series=series.env["STACKWATCH_SERIES"],
        series_token_file=series.token_file,
        series_ca_file=authority.file,
        database=address(database, authority.file),
        database_password_file=tmp_path / "password",
    )
    assert _series(given).startswith("InfluxDB 2")
    assert _database(given).startswith("postgresql ")


EVIL = (
    "a,county=371502",
    "a received_at=1i 1",
    "a b=c,d",
    'a" or true or r.outlet == "',
    "a')",
    "${a}",
    "a\\",
    "%5C",
    "=cmd|'/C calc'!A1",
    "<script>alert(1)</script>",
)


def test_a_name_in_the_series_store_is_a_name_and_nothing_else(series: InfluxEngine, authority: Authority) -> None:
    store = series_store(settings_of(series.env | {"STACKWATCH_SERIES_CA_FILE": str(authority.file)}))
    written = [
        reading(
            outlet=name, enterprise=name, county=name, numbers={f"{name}-Avg": float(number)}, flags={"x-Flag": name}
        )
        for number, name in enumerate(EVIL)
    ]
    store.write(written)
    for one in written:
        (found,) = store.readings(one.outlet, cn=one.cn, start=H0, end=H0 + timedelta(hours=1))
        assert found == one
    assert store.readings("a", cn="2061", start=H0, end=H0 + timedelta(hours=1)) == []
    store.close()


def test_a_line_end_in_a_name_writes_no_second_point(series: InfluxEngine, authority: Authority) -> None:
    store = series_store(settings_of(series.env | {"STACKWATCH_SERIES_CA_FILE": str(authority.file)}))
    with pytest.raises(StoreRefused):
        store.write([reading(outlet="b\nreading,outlet=forged,cn=2061 a21026-Avg=1 1795478400000000000")])
    assert store.readings("forged", cn="2061", start=H0, end=H0 + timedelta(hours=1)) == []
    store.close()
