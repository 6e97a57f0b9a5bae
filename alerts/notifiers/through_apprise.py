"""Any service that Apprise knows (WeCom, DingTalk, Feishu, mail ...), by its URL."""

import logging
from threading import get_ident
from urllib.parse import parse_qsl, urlencode, urlsplit

import apprise
from apprise.logger import logger as apprise_log

from alerts.notifiers.port import NotDelivered, Notice
from alerts.notifiers.robots import look_at_answers
from alerts.notifiers.targets import Targets

TYPES = {
    "info": apprise.NotifyType.INFO,
    "warning": apprise.NotifyType.WARNING,
    "severe": apprise.NotifyType.FAILURE,
}
DEFAULTS = {"cto": "5", "rto": "10", "redirect": "no", "overflow": "split"}
"""Apprise's own parameters, unless the URL gives them: time to connect and to answer [s], redirects are not followed,
and what is longer than the service takes goes out in parts."""

TO_ANY_HOST = frozenset({"json", "jsons", "xml", "xmls", "form", "forms"})
"""Schemes that post to whatever host the URL names; it is looked at before (``alerts.notifiers.targets``)."""


look_at_answers()


class ThroughApprise:
    """One Apprise URL."""

    def __init__(self, url: str, *, secret: str = "", targets: Targets | None = None) -> None:
        """Read the URL. Apprise's services bring their own secrets in it, so ``secret`` is refused."""
        if secret:
            raise ValueError("a secret is for the notifier webhook; a service of Apprise has it in its URL")
        given = parameters(url)
        if given.get("redirect", "no") != "no":
            raise ValueError("redirects are not followed, whatever the URL says")
        self._url = with_parameters(url, {k: v for k, v in DEFAULTS.items() if k not in given})
        self._targets = targets or Targets()
        if not self._url or apprise.Apprise.instantiate(self._url) is None:
            raise ValueError(
                f"Apprise knows no service for a URL of scheme {urlsplit(url).scheme!r}, or it lacks a part"
            )

    def send(self, notice: Notice) -> None:
        """Deliver one notice; see ``alerts.notifiers.port.Notifier``."""
        parts = urlsplit(self._url)
        if parts.scheme in TO_ANY_HOST:
            self._targets.resolve(parts.hostname or "", parts.port or 0)
        deliver(self._url, notice)


def deliver(url: str, notice: Notice) -> None:
    """Send a notice to an Apprise URL. Apprise says why it failed only in its log, so that is where this looks."""
    service = apprise.Apprise.instantiate(url)
    if not isinstance(service, apprise.NotifyBase):
        raise NotDelivered("Apprise cannot use the channel's URL")
    complaints = _Complaints()
    apprise_log.addHandler(complaints)
    try:
        delivered = service.notify(title=notice.title, body=notice.body, notify_type=TYPES[notice.severity])
    except (TypeError, OSError) as error:
        raise NotDelivered(f"{type(error).__name__}: {error}") from error
    finally:
        apprise_log.removeHandler(complaints)
    if not delivered:
        raise NotDelivered("; ".join(complaints.lines) or "Apprise gives no reason")


class _Complaints(logging.Handler):
    """Warnings of this thread: other channels send at the same time."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []
        self._thread = get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self._thread:
            self.lines.append(record.getMessage())


def parameters(url: str) -> dict[str, str]:
    """The parameters after the question mark."""
    return dict(parse_qsl(urlsplit(url).query))


def with_parameters(url: str, added: dict[str, str]) -> str:
    """The URL with more parameters."""
    if not added:
        return url
    return url + ("&" if "?" in url else "?") + urlencode(added)
