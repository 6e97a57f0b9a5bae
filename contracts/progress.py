"""Whether a stage gets on: its committed offsets move, or there is nothing left to do.

An answer to HTTP proves nothing: a consumer may go on fetching and never commit again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

STALLED_AFTER_S = 30.0
"""Not ready: messages wait and nothing has been committed for so long. [s]"""

DEAD_AFTER_S = 180.0
"""Not alive: the same for so long, and for no reason that would pass by itself. [s]"""


@dataclass(slots=True)
class Progress:
    """What one stage has committed of what there is."""

    stage: str
    lag: int = 0
    """Messages that are there and not committed."""
    moved_at: float | None = None
    """When the committed offsets moved last, or there was nothing to do. [s]"""
    now: float = 0.0
    resting: str | None = None
    _committed: dict[int, int] = field(default_factory=dict)

    def observe(
        self, committed: Mapping[int, int], ends: Mapping[int, int], *, now: float, resting: str | None = None
    ) -> None:
        """Enter one look at the offsets, by partition.

        Args:
            committed: Next offset to be read after a restart.
            ends: Next offset to be written, as far as known.
            now: Monotonic time. [s]
            resting: What the stage waits for, None: for nothing.
        """
        self.lag = sum(max(0, end - committed.get(partition, 0)) for partition, end in ends.items())
        if self.lag == 0 or dict(committed) != self._committed or self.moved_at is None:
            self.moved_at = now
        self._committed = dict(committed)
        self.now, self.resting = now, resting

    @property
    def still_s(self) -> float:
        """How long messages have waited without any being committed. [s]"""
        return 0.0 if self.moved_at is None else self.now - self.moved_at

    def __str__(self) -> str:
        """How far it has come, in a line."""
        committed = ", ".join(f"{partition}: {offset}" for partition, offset in sorted(self._committed.items()))
        return f"{self.stage}: lag {self.lag}, nothing committed for {self.still_s:.0f} s, committed {{{committed}}}"

    def why_not_ready(self) -> str | None:
        """None while the stage gets on; else what holds it, in words."""
        if self.still_s < STALLED_AFTER_S:
            return None
        reason = self.resting or "nothing was committed"
        return f"{self.stage}: {self.lag} messages have waited for {self.still_s:.0f} s, {reason}"

    def why_dead(self) -> str | None:
        """None while waiting may help; else why the process should be started again."""
        return self.why_not_ready() if self.still_s >= DEAD_AFTER_S and self.resting is None else None
