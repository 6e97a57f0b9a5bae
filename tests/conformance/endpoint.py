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
    headers: list[dict[str, str]] = field(default_factory=list)
    """Headers of all requests, names in small letters."""
    raw: list[bytes] = field(default_factory=list)
    """Bodies as they came."""
    paths: list[str] = field(default_factory=list)
    says: dict[str, Any] | None = None
    """Body of every answer; None: an empty one."""
    location: str = ""
    """Where a redirect leads."""

    def url(self, scheme: str) -> str:
        return f"{scheme}://user:hush@127.0.0.1:{self.port}/hook"


@contextmanager
def endpoint(answers: Sequence[int] = ()) -> Iterator[Endpoint]:
    """Listens on a free port while the block runs."""
    state = Endpoint(answers=list(answers))
    lock, over = threading.Lock(), threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            body = json.loads(raw)
            with lock:
                state.received.append(body)
                state.raw.append(raw)
                state.paths.append(self.path)
                state.headers.append({name.lower(): value for name, value in self.headers.items()})
                status = state.answers.pop(0) if state.answers else 200
                silent = state.silent
            if silent:
                over.wait(30)
                return
            if status == 200:
                with lock:
                    state.delivered.append(body)
            answer = b"" if state.says is None else json.dumps(state.says).encode()
            self.send_response(status)
            if state.location:
                self.send_header("Location", state.location)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

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
