"""Ways to reach people. Each passes ``tests/conformance/test_notifiers.py``; see docs/adding-a-notifier.md."""

from collections.abc import Callable

from alerts.notifiers.port import NotDelivered, Notice, Notifier
from alerts.notifiers.through_apprise import ThroughApprise
from alerts.notifiers.webhook import Webhook

NOTIFIERS: dict[str, Callable[[str], Notifier]] = {
    "apprise": ThroughApprise,
    "webhook": Webhook,
}
"""What makes a notifier of a URL, by the name in ``channels.yaml``; raises ``ValueError`` for a URL it cannot use."""

__all__ = ["NOTIFIERS", "NotDelivered", "Notice", "Notifier"]
