"""A small SMTP server on this machine that keeps what it is given."""

import email
import email.policy
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage


@dataclass(slots=True)
class Mailbox:
    """What the server does and has seen."""

    port: int = 0
    refuses: bool = False
    """Says 554 to every message."""
    letters: list[EmailMessage] = field(default_factory=list)


@contextmanager
def mailbox() -> Iterator[Mailbox]:
    """Listens on a free port while the block runs."""
    state = Mailbox()

    class Session(socketserver.StreamRequestHandler):
        def say(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

        def handle(self) -> None:
            self.say("220 mailbox")
            while line := self.rfile.readline():
                verb = line.split(None, 1)[0].upper() if line.strip() else b""
                if verb == b"DATA":
                    self.say("354 go on")
                    self.take()
                elif verb == b"EHLO":
                    self.say("250-mailbox")
                    self.say("250 AUTH PLAIN")
                elif verb == b"AUTH":
                    self.say("235 welcome")
                elif verb == b"QUIT":
                    self.say("221 bye")
                    return
                else:
                    self.say("250 mailbox")

        def take(self) -> None:
            lines = []
            while (line := self.rfile.readline()) not in (b".\r\n", b""):
                lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
            if state.refuses:
                self.say("554 refused")
                return
            state.letters.append(email.message_from_bytes(b"".join(lines), policy=email.policy.default))
            self.say("250 taken")

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True

    with Server(("127.0.0.1", 0), Session) as server:
        state.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield state
        finally:
            server.shutdown()
            thread.join()
