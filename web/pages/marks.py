"""Marks: entered, reviewed, taken back; and of each which hours it changes (R8)."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

from fastapi import Request
from nicegui import ui

from emissions.beijing import BEIJING, HOUR, hour_of, to_beijing
from emissions.event import Mark
from emissions.hourly import Hour
from people.roles import Right
from web import figures
from web.markbook import Entry
from web.marking import MarkRefused, NotYetInFeed, enter, mark_of, revoke, send_again
from web.pages.acting import Actor
from web.pages.form import Form, Said, Unable, Values
from web.pages.frame import Notice, frame, language_of
from web.pages.markup import box, link, path, text
from web.said import short_name
from web.sources import Sources
from web.views.mark_effect import MOST_HOURS, Effect, changed, effects
from web.views.names import outlet_name
from web.wording import Wording, wording

KINDS = ("calibration", "maintenance", "fault", "out_of_control", "stopped", "starting", "stopping", "accident")
PAGE = 100


async def marks_page(sources: Sources, request: Request) -> None:
    """Build the page: ``?outlet=`` lists one outlet's, ``?id=`` unfolds one mark."""
    words = wording(language_of(request))
    with frame(sources, request, "marks", words("marks.title")):
        view = _View(sources, words, request)
        await view.renew_or_say()


class _View:
    def __init__(self, sources: Sources, words: Wording, request: Request) -> None:
        self.sources = sources
        self.words = words
        self.actor = Actor(request)
        query = request.query_params
        self.outlet = query.get("outlet") if query.get("outlet") in sources.register.outlets else None
        self.unfolded = query.get("id")
        text("h1", words("marks.title"), "page-head")
        self.notice = Notice(words)
        if self.actor.may(Right.ENTER_MARKS, sources.county):
            self._entry()
        self.said = Said()
        self.detail = box("div")
        with box("section", "panel"):
            with box("div", "panel-head"):
                text("h2", words("marks.list"))
                self._chooser()
            self.list = box("div")
            with self.list:
                text("p", words("state.loading"), "hint")

    def _entry(self) -> None:
        words, now = self.words, to_beijing(self.sources.now())
        with box("section", "panel block"):
            text("h2", words("marks.enter"))
            with box("div", "panel-body"):
                self.form = Form(words, self._enter)
                self.form.choice(
                    "outlet", words("level.outlet"), {"": "–"} | self._outlets(), value=self.outlet or "", required=True
                )
                kinds = {
                    kind: f"{words.of('mark_kind', kind)} · {words(f'marks.effect_{_class(kind)}')}" for kind in KINDS
                }
                self.form.choice("kind", words("marks.kind"), kinds, value="maintenance", required=True)
                for name, moment in (("from", hour_of(now)), ("to", hour_of(now) + HOUR)):
                    self.form.line(
                        name,
                        f"{words(f'marks.{name}')} ({words('app.clock_beijing')})",
                        kind="datetime-local",
                        value=f"{moment:%Y-%m-%dT%H:%M}",
                        required=True,
                    )
                self.form.area("note", words("marks.note"), rows=2)
                self.form.button(words("marks.enter"), "enter")
                self.form.button(words("marks.preview"), "preview", plain=True)

    def _outlets(self) -> dict[str, str]:
        register = self.sources.register
        named = [(outlet.county, outlet_name(register, id_), id_) for id_, outlet in register.outlets.items()]
        return {id_: f"{name} · {id_}" for _, name, id_ in sorted(named)}

    def _chooser(self) -> None:
        with box("label", "field"):
            text("span", self.words("marks.of_outlet"))
            chosen = box("select", "text")
            with chosen:
                for id_, name in {"": self.words("marks.all_outlets"), **self._outlets()}.items():
                    text("option", name, value=id_, **({"selected": "selected"} if id_ == (self.outlet or "") else {}))
        chosen.on(
            "change",
            lambda event: ui.navigate.to(path("marks", outlet=str(event.args) or None)),
            js_handler="(event) => emit(event.target.value)",
        )

    async def renew_or_say(self) -> None:
        """Show the marks as they stand, or say that it cannot be done."""
        await self.notice.guard(self.renew)

    async def renew(self) -> None:
        """Read the marks and show the list, and the one that is unfolded."""
        entries = await asyncio.to_thread(self.sources.marks.listed, outlet=self.outlet)
        shown = next((entry for entry in entries if entry.mark.id == self.unfolded), None)
        if shown is None and self.unfolded is not None:
            shown = await asyncio.to_thread(self.sources.marks.find, self.unfolded)
        self.list.clear()
        with self.list:
            self._table(entries[:PAGE])
            if len(entries) > PAGE:
                text("p", self.words("alerts.more", count=PAGE), "hint")
        self.detail.clear()
        if shown is not None:
            await self._unfold(shown)

    def _table(self, entries: Sequence[Entry]) -> None:
        words = self.words
        if not entries:
            text("p", words("marks.empty"), "hint")
            return
        with box("table", "grid cards plain-cards", aria_label=words("marks.list")):
            with box("thead"), box("tr"):
                for key in ("level.outlet", "marks.kind", "marks.span", "marks.entered", "marks.state", "marks.note"):
                    text("th", words(key), scope="col")
            with box("tbody"):
                for entry in entries:
                    with box("tr", "chosen" if entry.mark.id == self.unfolded else ""):
                        self._row(entry)

    def _row(self, entry: Entry) -> None:
        words, mark = self.words, entry.mark
        with box("th", "subject", scope="row"):
            link(path("outlets", mark.outlet), outlet_name(self.sources.register, mark.outlet))
        with box("td", data_label=words("marks.kind")):
            link(path("marks", outlet=self.outlet, id=mark.id), words.of("mark_kind", mark.mark))
        text("td", _span(mark), data_label=words("marks.span"))
        text("td", f"{figures.minute(mark.entered_at)} {mark.by}", data_label=words("marks.entered"))
        with box("td", data_label=words("marks.state")):
            _state(words, entry)
        text("td", mark.note, data_label=words("marks.note"))

    async def _unfold(self, entry: Entry) -> None:
        words, mark, sources = self.words, entry.mark, self.sources
        others = [e.mark for e in await asyncio.to_thread(sources.marks.listed, outlet=mark.outlet) if not e.revocation]
        found = effects(mark, others, sources.parameters)
        start, end = hour_of(mark.from_), min(mark.to, hour_of(mark.from_) + MOST_HOURS * HOUR)
        hours = await asyncio.to_thread(sources.store.hours, start=start, end=end, outlet=mark.outlet)
        with self.detail, box("section", "panel block"):
            with box("div", "panel-head"):
                text("h2", f"{words.of('mark_kind', mark.mark)} · {outlet_name(sources.register, mark.outlet)}")
                link(path("marks", outlet=self.outlet), words("explain.close"), "button plain")
            with box("dl", "facts"):
                text("dt", words("marks.span"))
                text("dd", _span(mark))
                text("dt", words("marks.entered"))
                text("dd", f"{figures.minute(mark.entered_at)} · {mark.by}")
                text("dt", words("marks.state"))
                with box("dd"):
                    _state(words, entry)
                if entry.revocation is not None:
                    text("dt", words("marks.revoked_by"))
                    back = entry.revocation
                    text("dd", f"{figures.minute(back.entered_at)} · {back.by} · {back.note}")
                text("dt", words("marks.note"))
                text("dd", mark.note or figures.NONE)
            self._act(entry)
            text("h3", words("marks.hours", count=changed(found)), "sub-head")
            _effects_table(words, found, hours)

    def _act(self, entry: Entry) -> None:
        outlet = self.sources.register.outlets.get(entry.mark.outlet)
        if outlet is None or not self.actor.may(Right.ENTER_MARKS, outlet.county):
            return
        words = self.words
        with box("div", "panel-body"):
            if not entry.in_feed:
                form = Form(words, lambda _: self._again(entry), said=self.said)
                form.button(words("marks.send_again"))
            elif entry.revocation is None:
                form = Form(words, lambda values: self._revoke(entry, values), said=self.said)
                form.area("note", words("marks.why"), required=True, rows=2)
                form.button(words("marks.revoke"), plain=True)

    # -- what people do -------------------------------------------------------------------------------------------

    async def _allowed(self, outlet_id: str) -> None:
        outlet = self.sources.register.outlets.get(outlet_id)
        known = outlet is not None and self.actor.may(Right.ENTER_MARKS, outlet.county)
        if not known or not await self.actor.standing():
            raise Unable(self.words("people.not_allowed"))

    async def _enter(self, values: Values) -> str:
        words = self.words
        await self._allowed(values.get("outlet", ""))
        try:
            mark = mark_of(
                self.sources,
                outlet=values["outlet"],
                kind=values.get("kind", ""),
                start=_local(values.get("from", "")),
                end=_local(values.get("to", "")),
                by=self.actor.name,
                note=values.get("note", "").strip(),
            )
            known = await asyncio.to_thread(self.sources.marks.listed, outlet=mark.outlet)
            count = changed(effects(mark, [e.mark for e in known if not e.revocation], self.sources.parameters))
            if values.get("button") == "preview":
                return words("marks.would_change", count=count, kind=words.of("mark_kind", mark.mark), span=_span(mark))
            await enter(self.sources, mark)
        except MarkRefused as error:
            raise Unable(words(f"marks.refused_{error.why}")) from error
        except NotYetInFeed as error:
            self.unfolded = error.mark_id
            await self.renew_or_say()
            raise Unable(words("marks.not_in_feed")) from error
        except ValueError as error:
            raise Unable(words("marks.refused_moment")) from error
        self.unfolded = mark.id
        await self.renew_or_say()
        return words("marks.entered_now", count=count, kind=words.of("mark_kind", mark.mark), span=_span(mark))

    async def _revoke(self, entry: Entry, values: Values) -> str:
        await self._allowed(entry.mark.outlet)
        note = values.get("note", "").strip()
        if not note:
            raise Unable(self.words("marks.why_missing"))
        try:
            await revoke(self.sources, entry, by=self.actor.name, note=note)
        except NotYetInFeed as error:
            raise Unable(self.words("marks.not_in_feed")) from error
        finally:
            await self.renew_or_say()
        return self.words("marks.revoked_now")

    async def _again(self, entry: Entry) -> str:
        await self._allowed(entry.mark.outlet)
        try:
            await send_again(self.sources, entry)
        except NotYetInFeed as error:
            raise Unable(self.words("marks.not_in_feed")) from error
        await self.renew_or_say()
        return self.words("marks.sent_now")


def _effects_table(words: Wording, found: Sequence[Effect], hours: Sequence[Hour]) -> None:
    by_hour: dict[datetime, list[Hour]] = {}
    for hour in hours:
        by_hour.setdefault(hour.hour, []).append(hour)
    with box("div", "scroll tall", tabindex="0"), box("table", "grid rates-table"):
        with box("thead"), box("tr"):
            for key in ("outlet.time", "marks.changes_completed", "marks.changes_in_time", "marks.stands"):
                text("th", words(key), scope="col")
        with box("tbody"):
            for effect in found:
                with box("tr"):
                    text("th", figures.day_time(effect.hour), scope="row")
                    for change in (effect.completed, effect.in_time):
                        with box("td"):
                            text("span", words(f"marks.change_{change}"), "note" if change == "none" else "badge")
                    with box("td"):
                        for hour in by_hour.get(effect.hour, ()):
                            said = f"{short_name(hour.pollutant, words)} {words.of('hour_state', hour.state)}"
                            text("span", said, f"badge {hour.state}")
                            text("span", " ")
                        if effect.hour not in by_hour:
                            text("span", words("marks.not_called"), "note")


def _state(words: Wording, entry: Entry) -> None:
    if entry.revocation is not None:
        text("span", words("marks.revoked"), "badge missing")
    else:
        text("span", words("marks.in_force"), "badge ok")
    if not entry.in_feed:
        text("span", words("marks.waiting"), "badge warning")


def _span(mark: Mark) -> str:
    return f"{figures.minute(mark.from_)} – {figures.minute(mark.to)}"


def _class(kind: str) -> str:
    return (
        "excluded" if kind == "stopped" else "not_judged" if kind in {"starting", "stopping", "accident"} else "invalid"
    )


def _local(written: str) -> datetime:
    """A moment as the browser's field gives it, Beijing time. Raises ValueError."""
    return datetime.fromisoformat(written).replace(tzinfo=BEIJING)
