"""A signed POST of JSON to an HTTP address: title and message, and which event of what they are about.

The signature is HMAC-SHA256, with the channel's secret, over the timestamp, a full stop and the body as sent. A
receiver recomputes it and refuses what is older than its window, so a notice that somebody has overheard cannot be
played again; ``verified`` is that check. See docs/receiving-webhooks.md.
"""

import hashlib
import hmac
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

import httpx
import msgspec

from alerts.notifiers.port import NotDelivered, Notice
from alerts.notifiers.targets import Targets

TIMESTAMP = "X-Stackwatch-Timestamp"
SIGNATURE = "X-Stackwatch-Signature"
EVENT = "X-Stackwatch-Event"
SCHEME = "v1="
WINDOW = timedelta(minutes=5)
"""A receiver takes nothing that is older, or further ahead, than this."""

CONNECT_S, ANSWER_S = 5.0, 10.0
_OURS = ("cto", "rto", "verify")
"""Parameters of the address that are for us: time to connect and to answer [s], ``no`` = trust any certificate."""


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """What stands in the header: ``v1=`` and 64 hex digits."""
    return SCHEME + hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def verified(
    secret: str, timestamp: str, body: bytes, given: str, *, now: datetime, window: timedelta = WINDOW
) -> bool:
    """What a receiver does: whether the body is ours and new. ``timestamp`` is Unix time in whole seconds."""
    if not re.fullmatch(r"[0-9]{1,12}", timestamp, re.ASCII):
        return False
    if abs(now - datetime.fromtimestamp(int(timestamp), UTC)) > window:
        return False
    return hmac.compare_digest(signature(secret, timestamp, body).encode(), given.encode())


class Webhook:
    """One ``http://`` or ``https://`` address. Redirects are not followed, proxies of the environment not used."""

    def __init__(
        self,
        url: str,
        *,
        secret: str = "",
        targets: Targets | None = None,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Read the address.

        Args:
            url: With a user and a password in it, they are sent as basic authentication.
            secret: Signs every notice; empty: they are not signed.
            targets: Where notices may go; None: anywhere public.
            wall: Real time, for the timestamp.
        """
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError(f"a webhook is an http:// or https:// address, not one of scheme {parts.scheme!r}")
        given = parse_qsl(parts.query, keep_blank_values=True)
        ours = {name: value for name, value in given if name in _OURS}
        theirs = urlencode([pair for pair in given if pair[0] not in _OURS])
        self._host = parts.hostname
        self._port = parts.port or (443 if parts.scheme == "https" else 80)
        self._scheme = parts.scheme
        self._path = urlunsplit(("", "", parts.path or "/", theirs, ""))
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        self._auth = httpx.BasicAuth(user, password) if user else None
        self._verify = ours.get("verify", "yes").lower() not in {"no", "false", "0"}
        self._time_out = httpx.Timeout(_seconds(ours, "rto", ANSWER_S), connect=_seconds(ours, "cto", CONNECT_S))
        self._secret = secret
        self._targets = targets or Targets()
        self._wall = wall

    def send(self, notice: Notice) -> None:
        """Deliver one notice; see ``alerts.notifiers.port.Notifier``."""
        body = msgspec.json.encode(body_of(notice))
        address = self._targets.resolve(self._host, self._port)
        literal = f"[{address}]" if ":" in address else address
        try:
            with httpx.Client(auth=self._auth, verify=self._verify, trust_env=False, follow_redirects=False) as client:
                answer = client.post(
                    f"{self._scheme}://{literal}:{self._port}{self._path}",
                    content=body,
                    headers=self._headers(notice, body),
                    timeout=self._time_out,
                    extensions={"sni_hostname": self._host},
                )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise NotDelivered(f"{type(error).__name__}: {error}") from error
        if not answer.is_success:
            raise NotDelivered(f"the target answered {answer.status_code}")

    def _headers(self, notice: Notice, body: bytes) -> dict[str, str]:
        default = {"http": 80, "https": 443}[self._scheme]
        host = f"[{self._host}]" if ":" in self._host else self._host
        headers = {
            "Host": host if self._port == default else f"{host}:{self._port}",
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "stackwatch",
            EVENT: notice.event_id,
        }
        if self._secret:
            timestamp = str(int(self._wall().timestamp()))
            headers |= {TIMESTAMP: timestamp, SIGNATURE: signature(self._secret, timestamp, body)}
        return headers


def body_of(notice: Notice) -> dict[str, object]:
    """What is posted."""
    return {
        "version": "1",
        "event_id": notice.event_id,
        "county": notice.county,
        "kind": notice.kind,
        "id": notice.id,
        "ids": list(notice.ids) or [notice.id],
        "event": notice.event,
        "severity": notice.severity,
        "title": notice.title,
        "message": notice.body,
    }


def _seconds(given: dict[str, str], name: str, default: float) -> float:
    try:
        seconds = float(given.get(name, default))
    except ValueError:
        raise ValueError(f"the address's parameter {name} is not a number of seconds") from None
    if not 0 < seconds <= 60:
        raise ValueError(f"the address's parameter {name} is not between 0 and 60 seconds")
    return seconds
