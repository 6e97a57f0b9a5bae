"""Health of a process over HTTP: ``/healthz`` (alive), ``/readyz`` (able), ``/metrics`` (Prometheus)."""

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from prometheus_client import REGISTRY, CollectorRegistry
from prometheus_client.exposition import choose_encoder

from stackwatch.errors import UserError

_log = logging.getLogger(__name__)

Readiness = Callable[[], str | None]
"""None: ready. Else why not, in words."""


Details = Callable[[], Iterable[str]]
"""Figures behind the answer, a line each."""


@contextmanager
def serve_health(
    host: str,
    port: int,
    ready: Readiness,
    *,
    alive: Readiness = lambda: None,
    details: Details = tuple,
    registry: CollectorRegistry = REGISTRY,
) -> Iterator[int]:
    """Answer health questions in a thread of its own while the block runs; gives the port.

    Args:
        host: Address to listen on.
        port: 0: nothing is opened, and the port given is 0.
        ready: Asked at each ``/readyz``; must not block.
        alive: Asked at each ``/healthz``: a reason here means that the process should be started again.
        details: What ``/readyz?verbose`` says besides.
        registry: What ``/metrics`` shows.

    Raises:
        UserError: the port is taken or may not be used.
    """
    if port == 0:
        yield 0
        return
    try:
        server = ThreadingHTTPServer((host, port), _handler(ready, alive, details, registry))
    except OSError as error:
        raise UserError(f"cannot answer health questions on {host}:{port}: {error.strerror}") from error
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, name="health", kwargs={"poll_interval": 0.1}, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(
    ready: Readiness, alive: Readiness, details: Details, registry: CollectorRegistry
) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        server_version = "stackwatch"
        sys_version = ""
        timeout = 10

        def do_GET(self) -> None:
            path, _, query = self.path.partition("?")
            match path:
                case "/healthz":
                    self._verdict(alive)
                case "/readyz":
                    self._verdict(ready, details() if query == "verbose" else ())
                case "/metrics":
                    encode, content_type = choose_encoder(self.headers.get("Accept", ""))
                    self._reply(HTTPStatus.OK, content_type, encode(registry))
                case _:
                    self._reply(HTTPStatus.NOT_FOUND, "text/plain; charset=utf-8", b"not found\n")

        do_HEAD = do_GET  # noqa: N815 - http.server's name

        def _verdict(self, ask: Readiness, more: Iterable[str] = ()) -> None:
            reason = ask()
            status = HTTPStatus.OK if reason is None else HTTPStatus.SERVICE_UNAVAILABLE
            self._reply(
                status, "text/plain; charset=utf-8", "".join(f"{line}\n" for line in (reason or "ok", *more)).encode()
            )

        def _reply(self, status: HTTPStatus, content_type: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's signature
            _log.debug(format, *args)

    return Handler
