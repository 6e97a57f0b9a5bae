"""What people may see of the quarantine, and what they may drive again: all of it, or the lines of some loggers."""

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Engine

from contracts.feed import Acceptance
from emissions.register import Outlet, Register
from web.feed import Feed
from web.quarantine_book import Page, QuarantineBook, RefusedLine, Selection
from web.redriving import Redrive, Redriver

MOST = 10_000
"""Lines of one redrive by a page or over HTTP: its answer is waited for."""


def names_of(outlets: Collection[Outlet]) -> frozenset[str]:
    """Under which names lines of these outlets are refused: MNs, and outlets of JSON monitors."""
    return frozenset(outlet.id for outlet in outlets) | frozenset(outlet.mn for outlet in outlets if outlet.mn)


class QuarantineDesk:
    """The quarantine as one person sees it."""

    def __init__(
        self,
        engine: Engine,
        feed: Feed,
        register: Register,
        acceptance: Acceptance,
        *,
        now: Callable[[], datetime],
        within: frozenset[str] | None = None,
    ) -> None:
        """Put it together.

        Args:
            engine: The alert database.
            feed: Where lines go back to.
            register: Who is known.
            acceptance: Decides on lines, with the register and the rules of now.
            now: The platform's clock.
            within: Names whose lines are seen. A line of a logger that nobody knows is nobody's: only who sees all,
                sees it. None: all lines are seen.
        """
        self.book = QuarantineBook(engine)
        self._within = within
        self._redriver = Redriver(self.book, feed, register, acceptance, now=now)
        self._outlets = {outlet.id: outlet for outlet in register.outlets.values()}
        self._outlets |= {outlet.mn: outlet for outlet in register.outlets.values() if outlet.mn}

    def outlet_of(self, line: RefusedLine) -> Outlet | None:
        """The outlet whose logger sent the line; None where nobody knows."""
        return self._outlets.get(line.name)

    def page(self, selection: Selection, *, limit: int, offset: int = 0) -> Page:
        """Lines that are seen, those refused last first. Blocks."""
        return self.book.page(self._seen(selection), limit=limit, offset=offset)

    def find(self, id_: str) -> RefusedLine | None:
        """One line by its id, if it is seen. Blocks."""
        line = self.book.find(id_)
        return None if line is None or (self._within is not None and line.name not in self._within) else line

    async def drive(self, selection: Selection, *, by: str, dry_run: bool = False) -> Redrive:
        """Drive lines again that are seen; raises as ``Redriver.drive``."""
        return await self._redriver.drive(self._seen(selection), by=by, dry_run=dry_run, most=MOST)

    def _seen(self, selection: Selection) -> Selection:
        if self._within is None:
            return selection
        asked = selection.within
        return replace(selection, within=self._within if asked is None else asked & self._within)
