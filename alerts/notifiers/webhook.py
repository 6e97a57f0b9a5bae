"""A POST of JSON to an HTTP address: title and message, and which event of what they are about."""

from urllib.parse import urlsplit

from alerts.notifiers.port import Notice
from alerts.notifiers.through_apprise import TIME_OUTS_S, ThroughApprise, deliver, parameters, with_parameters

SCHEMES = {"http": "json", "https": "jsons"}
"""Apprise's name for a JSON POST over each."""


class Webhook:
    """One ``http://`` or ``https://`` address; Apprise's parameters (``rto``, ``cto``, ``verify``) may follow it."""

    def __init__(self, url: str) -> None:
        scheme, rest = urlsplit(url).scheme, url.partition("://")[2]
        if scheme not in SCHEMES or not urlsplit(url).hostname:
            raise ValueError(f"a webhook is an http:// or https:// address, not one of scheme {scheme!r}")
        given = parameters(url)
        ours = {key: value for key, value in TIME_OUTS_S.items() if key not in given}
        self._url = with_parameters(f"{SCHEMES[scheme]}://{rest}", ours)
        ThroughApprise(self._url)

    def send(self, notice: Notice) -> None:
        """Deliver one notice; see ``alerts.notifiers.port.Notifier``."""
        fields = ("event_id", "county", "kind", "id", "event", "severity")
        deliver(with_parameters(self._url, {f":{name}": getattr(notice, name) for name in fields}), notice)
