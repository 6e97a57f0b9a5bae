import socket

import httpx
import pytest
from prometheus_client import CollectorRegistry, Counter

from stackwatch.embedded.ports import free_port
from stackwatch.errors import UserError
from stackwatch.health import serve_health


def test_a_ready_process_says_so_and_a_process_that_is_not_says_why():
    reasons = [None]
    registry = CollectorRegistry()
    Counter("relayed", "Lines relayed.", registry=registry).inc(3)
    with serve_health("127.0.0.1", free_port(), lambda: reasons[0], registry=registry) as port:
        url = f"http://127.0.0.1:{port}"
        assert httpx.get(f"{url}/healthz").text == "ok\n"
        assert httpx.get(f"{url}/readyz").status_code == 200
        reasons[0] = "the broker refuses connections"
        reply = httpx.get(f"{url}/readyz")
        assert (reply.status_code, reply.text) == (503, "the broker refuses connections\n")
        assert httpx.get(f"{url}/healthz").status_code == 200
        assert "relayed_total 3.0" in httpx.get(f"{url}/metrics").text
        assert httpx.get(f"{url}/nothing").status_code == 404
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{url}/healthz")


def test_a_busy_port_is_named():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(UserError, match=f"127.0.0.1:{port}"), serve_health("127.0.0.1", port, lambda: None):
            pass


def test_port_0_opens_nothing():
    with serve_health("127.0.0.1", 0, lambda: None) as port:
        assert port == 0


def test_the_figures_behind_readiness_are_there_for_whoever_asks():
    figures = ["judging: lag 0, nothing committed for 0 s, committed {0: 7}"]
    with serve_health("127.0.0.1", free_port(), lambda: None, details=lambda: figures) as port:
        url = f"http://127.0.0.1:{port}"
        assert httpx.get(f"{url}/readyz").text == "ok\n"
        assert httpx.get(f"{url}/readyz?verbose").text == f"ok\n{figures[0]}\n"
