"""Ways to reach people. Each passes ``tests/conformance/test_notifiers.py``; see docs/adding-a-notifier.md."""

from typing import Protocol

from alerts.notifiers.port import NotDelivered, Notice, Notifier
from alerts.notifiers.targets import Targets
from alerts.notifiers.through_apprise import ThroughApprise
from alerts.notifiers.webhook import Webhook


class Opens(Protocol):
    """Makes a notifier of a URL."""

    def __call__(self, url: str, *, secret: str = "", targets: Targets | None = None) -> Notifier:
        """Raises ``ValueError`` for a URL it cannot use."""


NOTIFIERS: dict[str, Opens] = {
    "apprise": ThroughApprise,
    "webhook": Webhook,
}
"""What makes a notifier, by the name in ``channels.yaml``."""

__all__ = ["NOTIFIERS", "NotDelivered", "Notice", "Notifier", "Targets"]
