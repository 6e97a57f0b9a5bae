"""WeCom, DingTalk and Feishu answer 200 also to what they refuse, and say so in the body: then nothing counts as sent.

Apprise looks at the status alone. Its three plugins call ``requests.post`` through their own module, so that is where
the answer is looked at, and nowhere else.
"""

import json
from typing import Any

import requests
from apprise.plugins import dingtalk, feishu, wecombot

from alerts.notifiers.port import NotDelivered

CODES = ("errcode", "code", "StatusCode")
"""Fields of an answer that are 0 when the message was taken."""
WORDS = ("errmsg", "msg", "StatusMessage")
LONGEST = 200


class _Looking:
    """The module ``requests``, with a ``post`` that reads the answer."""

    def __getattr__(self, name: str) -> Any:
        return getattr(requests, name)

    def post(self, *arguments: Any, **more: Any) -> requests.Response:
        """As ``requests.post``; raises ``NotDelivered`` for a refusal in a body."""
        answer = requests.post(*arguments, **more)  # noqa: S113 - the plugins give a time-out
        if answer.status_code == requests.codes.ok and (why := refusal(answer.content)) is not None:
            raise NotDelivered(f"the service refused it: {why}")
        return answer


def refusal(body: bytes) -> str | None:
    """Why the service did not take the message; None: it did, or its answer says nothing about it."""
    try:
        said = json.loads(body)
    except ValueError:
        return None
    if not isinstance(said, dict):
        return None
    code = next((said[name] for name in CODES if name in said), 0)
    if code in (0, "0"):
        return None
    words = next((str(said[name]) for name in WORDS if said.get(name)), "no reason given")
    return f"{code}: {words[:LONGEST]}"


def look_at_answers() -> None:
    """Let the three plugins read what the services answer."""
    for plugin in (dingtalk, feishu, wecombot):
        vars(plugin)["requests"] = _Looking()
