"""The quarantine: which lines were refused and why, and the button that lets them be examined again."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from fastapi import Request
from nicegui import ui

from emissions.beijing import BEIJING
from people.roles import Right
from web import figures
from web.feed import FeedUnavailable
from web.pages.acting import Actor
from web.pages.form import Form, Said, Unable, Values
from web.pages.frame import Notice, frame, language_of
from web.pages.markup import box, link, path, text
from web.quarantine_book import Page, RefusedLine, Selection, State
from web.quarantine_desk import names_of
from web.redriving import Redrive
from web.sources import Sources
from web.views.board import counties_of
from web.views.names import outlet_name
from web.wording import Wording, wording

PAGE = 50
SHORT = 160
"""Characters of a line that are shown before it is unfolded."""

_STATES: Mapping[str, State] = {"waiting": "waiting", "driven": "driven", "all": "all"}
_TICK = "line:"


async def quarantine_page(sources: Sources, request: Request) -> None:
    """Build the page: ``?reason=``, ``mn``, ``county``, ``from``, ``to``, ``state`` and ``offset`` choose the lines."""
    words = wording(language_of(request))
    with frame(sources, request, "quarantine", words("quarantine.title")):
        view = _View(sources, words, request)
        await view.renew_or_say()


class _View:
    def __init__(self, sources: Sources, words: Wording, request: Request) -> None:
        self.sources, self.words, self.actor = sources, words, Actor(request)
        query = request.query_params
        self.query = {name: query[name] for name in ("reason", "mn", "county", "from", "to") if query.get(name)}
        self.state = query.get("state", "waiting") if query.get("state") in _STATES else "waiting"
        self.offset = min(int(query["offset"]), 10**7) if query.get("offset", "").isdecimal() else 0
        text("h1", words("quarantine.title"), "page-head")
        text("p", words("quarantine.explained"), "hint")
        self.notice = Notice(words)
        with box("div", "toolbar"):
            self._states()
        self._filter()
        self.said = Said()
        with box("section", "panel"):
            self.list = box("div")
            with self.list:
                text("p", words("state.loading"), "hint")

    # -- which lines ----------------------------------------------------------------------------------------------

    def _states(self) -> None:
        with box("div", "segments", role="group", aria_label=self.words("quarantine.state")):
            for state in _STATES:
                here = {"aria_current": "true"} if state == self.state else {}
                link(self._path(state=state), self.words(f"quarantine.{state}"), **here)

    def _filter(self) -> None:
        words, query = self.words, self.query
        with box("section", "panel block"), box("div", "panel-body"):
            form = Form(words, self._choose)
            reasons = {name: words.of("refusal", name) for name in REASONS}
            form.choice("reason", words("quarantine.reason"), {"": words("explain.all"), **reasons},
                        value=query.get("reason", ""))  # fmt: skip
            form.line("mn", words("quarantine.logger"), value=query.get("mn", ""))
            if self.sources.county is None:
                counties = counties_of(self.sources.register, self.sources.now().date())
                named = {division.code: division.name for division in counties}
                form.choice("county", words("alerts.county"), {"": words("alerts.all_counties"), **named},
                            value=query.get("county", ""))  # fmt: skip
            for name in ("from", "to"):
                form.line(name, words(f"marks.{name}"), kind="datetime-local", value=query.get(name, "")[:16])
            form.button(words("quarantine.show"))

    async def _choose(self, values: Values) -> str:
        self.query = {
            name: values[name].strip() for name in ("reason", "mn", "county", "from", "to") if values.get(name)
        }
        self._selection()  # says what is no moment
        ui.navigate.to(self._path())
        return ""

    def _path(self, *, state: str | None = None, offset: int = 0, **changed: str) -> str:
        query: dict[str, str | int] = {**self.query, **changed, "state": state or self.state}
        return path("quarantine", **query, **({"offset": offset} if offset else {}))

    def _selection(self) -> Selection:
        query, register = self.query, self.sources.register
        within = None
        if (county := query.get("county")) is not None:
            within = names_of([outlet for outlet in register.outlets.values() if outlet.county == county])
        return Selection(
            reason=query.get("reason"),
            name=query.get("mn"),
            start=self._moment("from"),
            end=self._moment("to"),
            within=within,
            state=_STATES[self.state],
        )

    def _moment(self, name: str) -> datetime | None:
        if (given := self.query.get(name)) is None:
            return None
        try:
            moment = datetime.fromisoformat(given)
        except ValueError as error:
            raise Unable(self.words("marks.refused_moment")) from error
        return moment if moment.tzinfo is not None else moment.replace(tzinfo=BEIJING)

    # -- what is shown --------------------------------------------------------------------------------------------

    async def renew_or_say(self) -> None:
        """Show the lines as they stand, or say that it cannot be done."""
        await self.notice.guard(self.renew)

    async def renew(self) -> None:
        """Read the lines and show them."""
        try:
            selection = self._selection()
        except Unable as error:
            self.said.tell(str(error), bad=True)
            selection = replace(Selection(), ids=[])
        page = await asyncio.to_thread(self.sources.quarantine.page, selection, limit=PAGE, offset=self.offset)
        self.list.clear()
        with self.list:
            self._head(page)
            if not page.items:
                text("p", self.words("quarantine.empty"), "hint")
                return
            if self.actor.may(Right.REDRIVE, self.sources.county):
                form = Form(self.words, self._drive, classes="form refused-form", said=self.said)
                with form.fields:
                    self._table(page, ticks=True)
                form.check("dry", self.words("quarantine.only_try"))
                form.button(self.words("quarantine.drive_ticked"), "ticked")
                form.button(self.words("quarantine.drive_all", count=page.total), "all", plain=True)
            else:
                self._table(page, ticks=False)
            self._pager(page.total)

    def _head(self, page: Page) -> None:
        with box("div", "panel-head"):
            text("h2", self.words("quarantine.found", count=page.total))
            with box("div", "segments", role="group", aria_label=self.words("quarantine.reason")):
                for reason, count in sorted(page.reasons.items(), key=lambda each: -each[1]):
                    link(self._path(reason=reason), f"{self.words.of('refusal', reason)} {count}")

    def _pager(self, total: int) -> None:
        with box("div", "toolbar"):
            if self.offset:
                link(self._path(offset=max(0, self.offset - PAGE)), self.words("quarantine.newer"), "button plain")
            if self.offset + PAGE < total:
                link(self._path(offset=self.offset + PAGE), self.words("quarantine.older"), "button plain")

    def _table(self, page: Page, *, ticks: bool) -> None:
        words = self.words
        heads = ("quarantine.received", "quarantine.logger", "quarantine.reason", "quarantine.line", "quarantine.state")
        with box("table", "grid cards plain-cards", aria_label=words("quarantine.title")):
            with box("thead"), box("tr"):
                if ticks:
                    text("th", words("quarantine.tick"), scope="col")
                for key in heads:
                    text("th", words(key), scope="col")
            with box("tbody"):
                for line in page.items:
                    with box("tr"):
                        self._row(line, ticks=ticks)

    def _row(self, line: RefusedLine, *, ticks: bool) -> None:
        words = self.words
        received = figures.full(line.received_at or line.refused_at)
        if ticks:
            with box("td", data_label=words("quarantine.tick")):
                label = f"{words('quarantine.tick')}: {line.name} {received}"
                box("input", type="checkbox", name=f"{_TICK}{line.id}", value="yes", aria_label=label)
        text("td", received, "figures", data_label=words("quarantine.received"))
        with box("td", data_label=words("quarantine.logger")):
            outlet = self.sources.quarantine.outlet_of(line)
            if outlet is not None and outlet.id in self.sources.register.outlets:
                link(path("outlets", outlet.id), outlet_name(self.sources.register, outlet.id))
            text("div", line.name or figures.NONE, "note figures")
        with box("td", data_label=words("quarantine.reason")):
            text("span", words.of("refusal", line.reason))
            text("div", line.detail, "note")
        with box("td", "refused-line", data_label=words("quarantine.line")), box("details"):
            shown = _content(line.line)
            text("summary", shown[:SHORT] + ("…" if len(shown) > SHORT else ""), "figures")
            text("pre", line.line, "raw")
        with box("td", data_label=words("quarantine.state")):
            if line.driven_at is None:
                text("span", words("quarantine.waiting"), "badge")
            else:
                text("span", words("quarantine.driven"), "badge ok")
                text("div", f"{figures.minute(line.driven_at)} {line.driven_by}", "note")
            if line.times > 1:
                text("div", words("quarantine.times", count=line.times), "note")

    # -- what people do -------------------------------------------------------------------------------------------

    async def _drive(self, values: Values) -> str:
        words = self.words
        if not self.actor.may(Right.REDRIVE, self.sources.county) or not await self.actor.standing():
            raise Unable(words("people.not_allowed"))
        selection = self._selection()
        if values.get("button") != "all":
            ticked = [name.removeprefix(_TICK) for name in values if name.startswith(_TICK)]
            if not ticked:
                raise Unable(words("quarantine.none_ticked"))
            selection = Selection(ids=ticked)
        dry_run = values.get("dry") == "yes"
        try:
            done = await self.sources.quarantine.drive(selection, by=self.actor.name, dry_run=dry_run)
        except FeedUnavailable as error:
            raise Unable(words("quarantine.not_in_feed")) from error
        finally:
            if not dry_run:
                await self.renew_or_say()
        return self._told(done)

    def _told(self, done: Redrive) -> str:
        words = self.words
        key = "quarantine.would" if done.dry_run else "quarantine.done"
        said = [words(key, examined=done.examined, accepted=done.accepted)]
        if done.refused:
            reasons = ", ".join(
                f"{words.of('refusal', reason)} {count}" for reason, count in done.refused.most_common()
            )
            said.append(words("quarantine.still_wrong", reasons=reasons))
        if done.derived:
            said.append(words("quarantine.derived", count=done.derived))
        if done.more:
            said.append(words("quarantine.more"))
        return " ".join(said)


REASONS = (
    "no_header",
    "bad_length_field",
    "length_mismatch",
    "crc_field_not_hex",
    "crc",
    "cp_unterminated",
    "undecryptable",
    "bad_header_field",
    "mn_mismatch",
    "unknown_mn",
    "bad_datatime",
    "datatime_ahead",
    "datatime_too_old",
    "unsupported_cn",
    "flood",
    "bad_line",
    "unknown_outlet",
    "unknown_county",
    "store_refused",
    "undecodable",
    "unusable",
)
"""Why lines are refused: the gateway's reasons in the order of R3, then those of the stages behind it."""


def _content(line: str) -> str:
    """What the device sent, of the line that it became; the line itself where it is no such line."""
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError):
        return line
    sent = fields.get("frame") or fields.get("body") if isinstance(fields, dict) else None
    return str(sent) if sent else line
