"""Whether the alert process gets on: findings are committed, or there is a reason that passes by itself."""

import logging
import time
from collections.abc import Callable, Iterator, Mapping

from alerts.metrics import AlertMetrics
from contracts.progress import DEAD_AFTER_S, STALLED_AFTER_S, Progress
from contracts.pulse import Pulse

log = logging.getLogger(__name__)


class Watch:
    """What was seen of the process at its last look. Its answers may be asked for from any thread."""

    def __init__(
        self, metrics: AlertMetrics, *, pulse: Pulse | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """``pulse`` tells whether Kafka answers; somebody must run it."""
        self.pulse = pulse or Pulse()
        self._metrics = metrics
        self._clock = clock
        self._progress = Progress("alerts")
        self._looked_at = clock()
        self._trouble: str | None = None
        self._told = False
        metrics.kafka_silent.set_function(lambda: self.pulse.silent_s)

    def look(self, committed: Mapping[int, int], ends: Mapping[int, int], *, trouble: str | None) -> None:
        """Enter one look: offsets by partition, and what is waited for besides Kafka."""
        self._looked_at, self._trouble = self._clock(), trouble
        self._progress.observe(committed, ends, now=self._looked_at, resting=self._resting)
        self._metrics.offsets(committed)
        self._metrics.lag.set(self._progress.lag)
        self._metrics.still.set(self._progress.still_s)
        self._tell(self.why_not_ready())

    def _tell(self, not_ready: str | None) -> None:
        """Log when it begins and when it is over, not each change of its words."""
        if (not_ready is not None) != self._told:
            log.log(logging.WARNING if not_ready else logging.INFO, "%s", not_ready or "ready")
        self._told = not_ready is not None

    def why_not_ready(self) -> str | None:
        """Why the process is not able to do its work at the moment; None when it is."""
        return self._why_silent(STALLED_AFTER_S) or self._resting or self._progress.why_not_ready()

    def details(self) -> Iterator[str]:
        """The figures behind readiness, a line each."""
        yield f"Kafka answered {self.pulse.silent_s:.0f} s ago"
        yield str(self._progress)

    def why_dead(self) -> str | None:
        """Why the process should be started again; None while waiting may help."""
        return self._why_silent(DEAD_AFTER_S) or self._progress.why_dead()

    @property
    def _resting(self) -> str | None:
        return self.pulse.away or self._trouble

    def _why_silent(self, after_s: float) -> str | None:
        silent_s = self._clock() - self._looked_at
        return f"the event loop has not turned for {silent_s:.0f} s" if silent_s > after_s else None
