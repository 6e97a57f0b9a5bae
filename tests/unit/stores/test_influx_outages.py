"""What InfluxDB answers, as *later* or *never*."""

import contextlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from stores.influxdb import InfluxStore
from stores.port import StoreRefused, StoreUnavailable
from tests.conformance.points import H0, HOUR, reading


class Server:
    """Says the same to everybody, and can be made to look at what it is sent."""

    def __init__(self) -> None:
        self.status = 204
        self.body = b""
        self.poison = None
        self.hang = threading.Event()
        self.hang.set()
        self.requests = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                outer.requests.append(body)
                outer.hang.wait(10)
                healthy = outer.poison is not None and outer.poison not in body
                status, answer = (204, b"") if healthy else (outer.status, outer.body)
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                # The client may have given up by now.
                with contextlib.suppress(BrokenPipeError):
                    self.wfile.write(answer)

            def log_message(self, *args):
                """Stay silent."""

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}"


@pytest.fixture
def server():
    server = Server()
    thread = threading.Thread(target=server.http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.hang.set()
    server.http.shutdown()
    server.http.server_close()
    thread.join()


@pytest.fixture
def store(server):
    store = InfluxStore(server.url, "token", "org", "cems", timeout_s=1)
    yield store
    store.close()


@pytest.mark.parametrize(
    "status",
    [
        pytest.param(401, id="401 no right: a person mends the token, no point is at fault"),
        pytest.param(403, id="403 forbidden"),
        pytest.param(404, id="404 no such bucket"),
        pytest.param(408, id="408 too slow"),
        pytest.param(429, id="429 too busy"),
        pytest.param(500, id="500 broken"),
        pytest.param(503, id="503 starting"),
    ],
)
def test_later(server, store, status):
    server.status, server.body = status, json.dumps({"code": "x", "message": "what is wrong"}).encode()
    with pytest.raises(StoreUnavailable, match=f"{status} what is wrong"):
        store.write([reading()])
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [400, 413, 422])
def test_never(server, store, status):
    server.status, server.body = status, json.dumps({"code": "x", "message": "unwanted"}).encode()
    server.poison = "outlet=bad"
    good = [reading(at=H0 + n * HOUR) for n in range(100)]
    bad = [reading(outlet="bad1"), reading(outlet="bad2")]
    with pytest.raises(StoreRefused, match=f"2 of 102 points refused, the first: {status} unwanted") as refused:
        store.write([*good[:30], bad[0], *good[30:70], bad[1], *good[70:]])
    assert refused.value.points == tuple(bad)
    taken = [line for body in server.requests if "outlet=bad" not in body for line in body.splitlines()]
    assert len(taken) == 100
    assert len(server.requests) < 40


def test_an_answer_that_is_no_json_is_shown_too(server, store):
    server.status, server.body = 502, b"<html>bad gateway</html>"
    with pytest.raises(StoreUnavailable, match="502"):
        store.write([reading()])


def test_an_engine_that_never_answers_is_later(server):
    server.hang.clear()
    store = InfluxStore(server.url, "token", "org", "cems", timeout_s=0.2)
    with pytest.raises(StoreUnavailable, match="timed out"):
        store.write([reading()])
    store.close()
