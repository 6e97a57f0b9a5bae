"""One message that came over MQTT."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Arrival:
    """One message as it came, with what is needed to acknowledge it."""

    topic: str
    payload: bytes
    mid: int
    qos: int
    connection: int
    """Packet ids mean nothing on another connection than the one that brought them."""
