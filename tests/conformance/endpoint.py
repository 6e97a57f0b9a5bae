"""A real HTTP endpoint on this machine that answers as it is told and keeps what it got."""

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(slots=True)
class Endpoint:
    """What the endpoint does and has seen."""

    port: int = 0
    answers: list[int] = field(default_factory=list)
    """Status of the next requests; when it is used up, 200."""
    silent: bool = False
    """Takes requests and does not answer."""
    received: list[dict[str, Any]] = field(default_factory=list)
    """Bodies of all requests, in order, whatever was answered."""
    delivered: list[dict[str, Any]] = field(default_factory=list)
    """Bodies of those that were answered by 200."""

    def url(self, scheme: str) -> str:
        return f"{scheme}://user:hush@127.0.0.1:{self.port}/hook"


@contextmanager
def endpoint(answers: Sequence[int] = ()) -> Iterator[Endpoint]:
    """Listens on a free port while the block runs."""
    state = Endpoint(answers=list(answers))
    lock, over = threading.Lock(), threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with lock:
                state.received.append(body)
                status = state.answers.pop(0) if state.answers else 200
                silent = state.silent
            if silent:
                over.wait(30)
                return
            if status == 200:
                with lock:
                    state.delivered.append(body)
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        over.set()
        server.shutdown()
        server.server_close()
        thread.join()
