"""Answers made of domain messages, encoded by the same codec that writes them on the wire."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from fastapi import Response

from contracts.codec import Message, encode

_json = msgspec.json.Encoder()


def raw(message: Message) -> msgspec.Raw:
    """One message, to be put inside a larger answer as it stands on the wire."""
    return msgspec.Raw(encode(message))


def answer(content: Mapping[str, Any], *, status: int = 200) -> Response:
    """A JSON answer. Moments keep their offset."""
    return Response(_json.encode(content), status, media_type="application/json")


def listed(messages: Iterable[Message], **more: Any) -> Response:
    """A list of messages under ``items``."""
    return answer({"items": [raw(message) for message in messages], **more})
