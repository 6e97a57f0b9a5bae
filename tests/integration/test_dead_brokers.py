"""A process that never finds its broker says so in one line and exits 2."""

import os
import subprocess
import sys

import pytest

from stackwatch.embedded.ports import free_port


@pytest.mark.parametrize(
    ("verb", "dead"),
    [
        pytest.param("gateway", "KAFKA", id="the gateway without Kafka"),
        pytest.param("gateway", "MQTT", id="the gateway without MQTT"),
        pytest.param("rollcall", "KAFKA", id="the roll call without Kafka"),
        pytest.param("worker", "KAFKA", id="the worker without Kafka"),
        pytest.param("alerts", "KAFKA", id="the alerts without Kafka"),
        pytest.param("relay", "MQTT", id="the relay without MQTT"),
    ],
)
def test_a_dead_broker_at_the_start_is_one_line_and_exit_code_2(verb, dead, tmp_path, mqtt, kafka):
    nobody = f"127.0.0.1:{free_port()}"
    env = {
        **os.environ,
        **mqtt.env,
        **kafka.env,
        "STACKWATCH_SERIES": f"sqlite:///{tmp_path}/series.sqlite",
        "STACKWATCH_DATABASE": f"sqlite:///{tmp_path}/alerts.sqlite",
        "STACKWATCH_RELAY_PORT": "0",
        "STACKWATCH_PATIENCE_S": "0.5",
        f"STACKWATCH_{dead}": nobody if dead == "KAFKA" else f"mqtt://{nobody}",
    }
    done = subprocess.run(
        [sys.executable, "-m", "stackwatch", verb], env=env, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 2
    (line,) = [said for said in done.stderr.splitlines() if said.startswith("stackwatch:")]
    assert nobody in line
    assert f"STACKWATCH_{dead}" in line
