"""The network of the fault tests does what its shapes say."""

import contextlib
import socket
import socketserver
import threading
import time

import pytest

from tests.faults.proxy import BLACK_HOLE, REFUSED, RETRANSMISSION_S, SLOW, SLOW_S, THROUGH, Proxy, Shape


class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        while data := self.request.recv(65536):
            self.request.sendall(data)


@pytest.fixture
def echo():
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Echo) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


@pytest.fixture
def proxy(echo):
    with Proxy(echo) as running:
        yield running


def connected(proxy, timeout=5.0):
    return socket.create_connection(("127.0.0.1", proxy.port), timeout=timeout)


def said(connection, text):
    connection.sendall(text)
    return connection.recv(100)


def test_through_it_passes_on_both_ways(proxy):
    with connected(proxy) as connection:
        assert said(connection, b"packet") == b"packet"


def test_refused_cuts_what_is_open_and_takes_nothing_new_until_it_is_over(proxy):
    with connected(proxy) as connection:
        assert said(connection, b"before") == b"before"
        with proxy.being(REFUSED):
            with pytest.raises(ConnectionRefusedError):
                connected(proxy)
            with contextlib.suppress(ConnectionResetError):
                assert connection.recv(100) == b""
    with connected(proxy) as connection:
        assert said(connection, b"after") == b"after"


def test_a_black_hole_takes_connections_and_bytes_and_gives_them_back_when_it_is_over(proxy):
    with connected(proxy) as old:
        assert said(old, b"before") == b"before"
        with proxy.being(BLACK_HOLE), connected(proxy) as new:
            for connection in (old, new):
                connection.sendall(b"swallowed")
                connection.settimeout(0.2)
                with pytest.raises(TimeoutError):
                    connection.recv(100)
            proxy.be(THROUGH)
            for connection in (old, new):
                connection.settimeout(5)
                assert connection.recv(100) == b"swallowed"


def test_slow_takes_its_time_in_each_direction(proxy):
    with connected(proxy) as connection, proxy.being(SLOW):
        begun = time.monotonic()
        assert said(connection, b"packet") == b"packet"
        assert time.monotonic() - begun >= 2 * SLOW_S


def test_a_lost_segment_is_a_stall_and_nothing_is_missing(proxy):
    with connected(proxy) as connection, proxy.being(Shape("all lost once", loss=1.0)):
        begun = time.monotonic()
        assert said(connection, b"packet") == b"packet"
        assert time.monotonic() - begun >= 2 * RETRANSMISSION_S


def test_an_end_that_closes_closes_the_other(proxy):
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        with Proxy(server.getsockname()[1]) as own, connected(own) as connection:
            there, _ = server.accept()
            with there:
                connection.close()
                there.settimeout(5)
                with contextlib.suppress(ConnectionResetError):
                    assert there.recv(100) == b""
