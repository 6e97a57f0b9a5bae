"""Lines that were refused, as the topic has them."""

from datetime import timedelta

from contracts.feed import encode_line, packet_line
from emissions.finding import Rejected
from hj212.encode import message
from tests.unit.web import town
from web.quarantine_book import Refusal

STRANGER = "99999999999999"
"""An MN that is in no register."""


def refusal(mn: str, reason: str, *, cn: str = "2011", minutes: int = 0) -> Refusal:
    """A packet refused so many minutes after the hour before now; it is right but for its command."""
    received = town.NOW - timedelta(hours=1) + timedelta(minutes=minutes)
    at = f"{received:%Y%m%d%H%M%S}"
    frame = message(qn=f"{at}000", st="31", cn=cn, mn=mn, flag=5, data_time=at, values={}).rstrip()
    line = encode_line(packet_line(received, mn, frame, "gw1")).decode()
    return Refusal(Rejected(reason=reason, mn=mn, received_at=received, line=line, detail=f"why {reason}"), received)
