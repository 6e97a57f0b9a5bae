"""How often one may ask. Counted in each process by itself; log-in failures beside that in the database, for all."""

import math
import time

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter


class Limits:
    """Rates that one name or one address may not go over."""

    def __init__(
        self,
        *,
        log_ins_by_address: str = "30/minute",
        log_ins_by_name: str = "10/minute",
        bad_tokens: str = "30/minute",
        questions: str = "1200/minute",
    ) -> None:
        """All as text, such as ``30/minute``; ``questions`` to the interface, by person or token."""
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())
        self.log_ins_by_address = parse(log_ins_by_address)
        self.log_ins_by_name = parse(log_ins_by_name)
        self.bad_tokens = parse(bad_tokens)
        self.questions = parse(questions)

    def hit(self, limit: RateLimitItem, *who: str) -> int:
        """Count once. 0 if there was room, else how long to wait. [s]"""
        return 0 if self._limiter.hit(limit, *who) else self._wait(limit, *who)

    def full(self, limit: RateLimitItem, *who: str) -> int:
        """The same without counting."""
        return 0 if self._limiter.test(limit, *who) else self._wait(limit, *who)

    def _wait(self, limit: RateLimitItem, *who: str) -> int:
        return max(1, math.ceil(self._limiter.get_window_stats(limit, *who).reset_time - time.time()))
