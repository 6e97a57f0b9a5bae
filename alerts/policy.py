"""Everything that the rulebook decides about alerts and cases, as one value."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from alerts.escalation import Terms
from alerts.routing import Channel, Routes


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Deadlines and ladders, which findings count, and who hears of them."""

    terms: Terms = field(default_factory=Terms)
    routes: Routes = field(default_factory=Routes)
    channels: Sequence[Channel] = ()
