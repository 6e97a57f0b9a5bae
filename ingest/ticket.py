"""One payload on its way: acknowledged when the last of its records has been committed."""

from collections.abc import Callable


class Ticket:
    """Counts the records of a payload that Kafka has not committed yet, and calls back once at the last."""

    __slots__ = ("_on_committed", "_open")

    def __init__(self, records: int, on_committed: Callable[[], None]) -> None:
        """``records`` must be at least 1."""
        if records < 1:
            raise ValueError("a payload without records would never be acknowledged")
        self._open = records
        self._on_committed = on_committed

    def committed(self) -> None:
        """One more record of the payload is safe."""
        self._open -= 1
        if self._open == 0:
            self._on_committed()
