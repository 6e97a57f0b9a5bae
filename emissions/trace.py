"""One id that follows a packet from the gateway's log to the alert: made of what names the packet, so never stored."""

from datetime import datetime
from hashlib import blake2b

BYTES = 16
"""As long as a W3C trace id."""


def trace_of(sender: str, qn: str, received_at: datetime | float) -> str:
    """The packet's trace id, 32 hex digits; the same wherever it is worked out.

    Args:
        sender: MN of the logger, or the outlet's id where it has none.
        qn: Request number as sent; empty where there is none.
        received_at: When the gateway took it over; a float is a Unix time. Milliseconds count.
    """
    seconds = received_at if isinstance(received_at, float) else received_at.timestamp()
    return blake2b(f"{sender}\x1f{qn}\x1f{round(seconds * 1000)}".encode(), digest_size=BYTES).hexdigest()
