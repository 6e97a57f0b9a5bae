"""What a stage says of the numbered lines that it has taken in: collected line by line, said once per checkpoint."""

from collections.abc import Iterator
from datetime import datetime

from emissions.account import JUDGED, JUDGING, Counted, Numbered, Passed
from emissions.beijing import HOUR, hour_of
from emissions.ranges import Range


class _Open:
    """Numbers of one outlet, series and hour that have not been said yet."""

    __slots__ = ("end", "numbers", "outlet", "series", "start")

    def __init__(self, outlet: str, series: str, start: datetime) -> None:
        self.outlet = outlet
        self.series = series
        self.start = start
        self.end = start + HOUR
        self.numbers: dict[str, list[Range]] = {}

    def take(self, what: str, number: int) -> None:
        """One number more. They come in their order; the same again, after a restart of the gateway's sending, may."""
        ranges = self.numbers.get(what)
        if ranges is None:
            self.numbers[what] = [(number, number)]
        elif ranges[-1][1] + 1 == number:
            ranges[-1] = (ranges[-1][0], number)
        else:
            ranges.append((number, number))


Word = Counted | Numbered | Passed


class Counting:
    """One stage's counters. What is forgotten with a lost partition comes again with its lines."""

    def __init__(self, stage: str) -> None:
        self._stage = stage
        self._open: dict[str, _Open] = {}
        self._words: list[Word] = []

    def took(self, outlet: str, series: str, number: int, received_at: datetime, what: str) -> None:
        """A numbered line was taken in.

        Args:
            outlet: Whose line.
            series: Who numbered it.
            number: Its number.
            received_at: When the gateway received it.
            what: What became of it, one of the words of ``emissions.account``.
        """
        known = self._open.get(outlet)
        if known is None or known.series != series or not known.start <= received_at < known.end:
            self._close(outlet)
            known = self._open[outlet] = _Open(outlet, series, hour_of(received_at))
        if self._stage == JUDGING:
            known.take(JUDGED, number)
        if what != JUDGED:
            known.take(what, number)

    def numbered(self, word: Numbered) -> None:
        """The gateway's word stands behind the lines that it is about, and so it must be passed on."""
        self._close(word.outlet)
        self._words.append(word)

    def passed(self, outlet: str, hour: datetime) -> None:
        """The roll call of an hour has come through."""
        self._close(outlet)
        self._words.append(Passed(stage=self._stage, outlet=outlet, hour=hour))

    def drain(self) -> list[Word]:
        """What has not been said yet, in order for each outlet."""
        for outlet in list(self._open):
            self._close(outlet)
        words, self._words = self._words, []
        return words

    def forget(self) -> None:
        """The lines come again, here or elsewhere."""
        self._open.clear()
        self._words.clear()

    def _close(self, outlet: str) -> None:
        if (known := self._open.pop(outlet, None)) is not None:
            self._words.append(
                Counted(
                    stage=self._stage,
                    outlet=outlet,
                    series=known.series,
                    hour=known.start,
                    numbers=dict(_said(known.numbers)),
                )
            )


def _said(numbers: dict[str, list[Range]]) -> Iterator[tuple[str, tuple[Range, ...]]]:
    for what, ranges in numbers.items():
        yield what, tuple(ranges)
