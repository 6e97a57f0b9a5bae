import pytest

from stackwatch.errors import UserError
from stackwatch.settings import Settings, list_settings, read_settings, variable


@pytest.fixture(autouse=True)
def _clean(monkeypatch):
    import os

    for name in list(os.environ):
        if name.startswith("STACKWATCH_"):
            monkeypatch.delenv(name)


def test_defaults_are_the_local_ones():
    settings = read_settings()
    assert settings.kafka == "127.0.0.1:9092"
    assert settings.mqtt == "mqtt://127.0.0.1:1883"
    assert settings.register_dir is None


def test_the_environment_is_read(monkeypatch, tmp_path):
    monkeypatch.setenv("STACKWATCH_KAFKA", "a:1,b:2")
    monkeypatch.setenv("STACKWATCH_REGISTER", str(tmp_path))
    settings = read_settings()
    assert settings.kafka == "a:1,b:2"
    assert settings.register_dir == tmp_path


def test_an_empty_variable_counts_as_not_set(monkeypatch):
    monkeypatch.setenv("STACKWATCH_KAFKA", "")
    assert read_settings().kafka == "127.0.0.1:9092"


def test_what_the_command_line_gave_goes_before_the_environment(monkeypatch):
    monkeypatch.setenv("STACKWATCH_WEB_PORT", "1")
    assert read_settings(web_port=2).web_port == 2


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("STACKWATCH_KAFKA", "nohost", id="Kafka without a port"),
        pytest.param("STACKWATCH_KAFKA", "a:1,b:99999", id="a Kafka port that cannot be"),
        pytest.param("STACKWATCH_MQTT", "http://x", id="MQTT by another scheme"),
        pytest.param("STACKWATCH_SERIES", "postgresql://x", id="a series store nobody knows"),
        pytest.param("STACKWATCH_CLOCK", "yesterday", id="a clock that is none"),
        pytest.param("STACKWATCH_CLOCK", "2026-11-01T00:00:00@600", id="a clock without an offset"),
        pytest.param("STACKWATCH_HEALTH_PORT", "many", id="a port that is no number"),
        pytest.param("STACKWATCH_LOG_LEVEL", "loud", id="an unknown log level"),
    ],
)
def test_a_bad_value_is_one_line_with_the_variable(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(UserError) as caught:
        read_settings()
    assert str(caught.value).startswith(f"{name}=")
    assert "\n" not in str(caught.value)


def test_a_secret_comes_from_its_file_and_is_never_shown(monkeypatch, tmp_path):
    secret = tmp_path / "password"
    secret.write_text("hunter2\n")
    monkeypatch.setenv("STACKWATCH_MQTT_PASSWORD_FILE", str(secret))
    monkeypatch.setenv("STACKWATCH_DATABASE", "postgresql://sw:pa55@db/alerts")
    settings = read_settings()
    assert settings.mqtt_password.get_secret_value() == "hunter2"
    shown = "\n".join("\t".join(row) for row in list_settings(settings))
    assert "hunter2" not in shown
    assert "pa55" not in shown
    assert "hunter2" not in repr(settings)


@pytest.mark.parametrize("content", [None, ""], ids=["missing", "empty"])
def test_a_secret_that_cannot_be_read_names_the_variable(monkeypatch, tmp_path, content):
    secret = tmp_path / "password"
    if content is not None:
        secret.write_text(content)
    monkeypatch.setenv("STACKWATCH_MQTT_PASSWORD_FILE", str(secret))
    with pytest.raises(UserError, match="STACKWATCH_MQTT_PASSWORD_FILE="):
        _ = read_settings().mqtt_password


def test_every_setting_is_listed_with_its_meaning():
    rows = list(list_settings(read_settings()))
    assert len(rows) == len(Settings.model_fields)
    assert all(name.startswith("STACKWATCH_") and meaning for name, _, _, meaning in rows)
    assert variable("register_dir") == "STACKWATCH_REGISTER"
