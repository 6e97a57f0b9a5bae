"""One alert: what it rests on, who must do what by when, what has been done, and the next step."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from fastapi import Request
from nicegui import ui

from alerts.lifecycle import STATES
from alerts.repository import NotFound
from alerts.views import AlertView
from people.roles import Right
from web import figures
from web.pages.acting import Actor
from web.pages.alert_evidence import evidence_panel
from web.pages.desk import act, due_line
from web.pages.files import FilesPanel
from web.pages.form import Form, Said, Values
from web.pages.frame import Notice, frame, language_of, not_found
from web.pages.markup import box, dress, link, path, say, text
from web.pages.notices import notices_panel
from web.pages.steps import steps
from web.pages.ticker import SYMBOLS
from web.pages.timeline import timeline
from web.said import finding_name, term
from web.sources import Sources
from web.wording import Wording, wording

RENEW_SECONDS = 3.0
_AWAITED = {"raised": "acknowledge", "acknowledged": "verify", "rectified": "close"}


async def alert_page(sources: Sources, request: Request, alert_id: str) -> None:
    """Build the page and keep it up to date."""
    words = wording(language_of(request))
    try:
        alert = await asyncio.to_thread(sources.alerts.alert, alert_id)
    except NotFound:
        not_found(sources, request, alert_id)
        return
    with frame(sources, request, "alerts", f"{finding_name(alert.rule, words)} {alert.subject_name}"):
        view = _View(sources, words, request, alert)
        await view.renew_or_say()
        ui.timer(RENEW_SECONDS, view.renew_or_say)


class _View:
    def __init__(self, sources: Sources, words: Wording, request: Request, alert: AlertView) -> None:
        self.sources = sources
        self.words = words
        self.actor = Actor(request)
        self.alert = alert
        self.shown: int | None = None
        self.acting_on: tuple[str, bool] | None = None
        with box("nav", "crumbs", aria_label=words("app.crumbs")):
            link("/alerts", words("alerts.back"))
            text("span", "›", aria_hidden="true")
            text("span", alert.subject_name)
        with box("div", "page-head"):
            text("span", SYMBOLS.get(alert.severity, "●"), f"mark {alert.severity}", aria_hidden="true")
            text("h1", f"{finding_name(alert.rule, words)} · {alert.subject_name}")
            self.severity = text("span", "", "badge")
        self.notice = Notice(words)
        self.head = box("section", "panel block desk-head")
        with box("div", "split desk"):
            with box("div"):
                self.said = Said()
                self.act = box("section", "panel block act-panel")
                evidence_panel(sources, words, alert)
                self.history = box("section", "panel block")
            with box("div"):
                self.side = box("section", "panel block")
                self.files = FilesPanel(
                    sources, words, self.actor, request, "alert", alert.id, alert.county, changed=self.renew_or_say
                )
                self.notices = box("section", "panel")

    async def renew_or_say(self) -> None:
        """Renew, or say that it cannot be done."""
        await self.notice.guard(self.renew)

    async def renew(self) -> None:
        """Show the newest state. What somebody is typing into is built anew only when the state is another."""
        desk, words = self.sources.alerts, self.words
        self.alert = alert = await asyncio.to_thread(desk.alert, self.alert.id)
        self._head(alert)
        if alert.version == self.shown:
            return
        self.shown = alert.version
        events = await asyncio.to_thread(desk.timeline, alert.id)
        self.history.clear()
        with self.history:
            text("h2", words("alerts.timeline"))
            with box("div", "panel-body"):
                timeline(words, events, causes=desk.policy.causes)
        if (state := (alert.state, bool(alert.state_detail.get("violation")))) != self.acting_on:
            self.acting_on = state
            self._actions(alert)
        self._side(alert)
        await self.files.renew()
        told = await asyncio.to_thread(desk.notices, alert.id)
        silences = await asyncio.to_thread(desk.silences.over, alert, now=self.sources.now())
        self.notices.clear()
        with self.notices:
            notices_panel(words, told, silences)

    def _head(self, alert: AlertView) -> None:
        words = self.words
        say(self.severity, term("severity", alert.severity, words))
        dress(self.severity, f"badge {alert.severity}")
        due = due_line(words, alert.deadline, self.sources.now()) if alert.deadline is not None else None
        face = (alert.version, due)
        if getattr(self, "_face", None) == face:
            return
        self._face = face
        self.head.clear()
        with self.head:
            steps(words, words("alerts.title"), [(name, words.of("alert_state", name)) for name in STATES], alert.state)
            with box("p", "who"):
                text("span", f"{words('desk.answers')}: {term('level', alert.level, words)}")
                if alert.assignee:
                    text("span", f"{words('desk.assignee')}: {alert.assignee}")
                if due is not None:
                    awaited = _AWAITED.get(alert.state) or (
                        "rectify" if alert.state_detail.get("violation") else "close"
                    )
                    said = words(
                        "desk.must_by", what=words(f"desk.wait_{awaited}"), deadline=figures.minute(alert.deadline)
                    )
                    text("span", said)
                    text("span", due[0].rpartition(" · ")[2], "badge overdue" if due[1] else "badge due")
                ended = alert.ended_by_data
                text(
                    "span",
                    f"{words('alerts.data_ended')} {figures.minute(ended)}" if ended else words("alerts.data_lasts"),
                    "note",
                )

    def _side(self, alert: AlertView) -> None:
        words = self.words
        self.side.clear()
        with self.side:
            text("h2", words("desk.related"))
            with box("div", "panel-body related"):
                county = self.sources.register.divisions.get(alert.county)
                link(path("counties", alert.county), county.name if county is not None else alert.county)
                if (outlet := alert.subject.get("outlet")) is not None:
                    link(path("outlets", str(outlet)), alert.subject_name)
                    if self.actor.may(Right.LEAD, alert.county):
                        href = path("orders", outlet=str(outlet), alert=alert.id)
                        link(href, words("alerts.order_work"))
                detail = alert.state_detail
                if detail.get("cause"):
                    verdict = words("alerts.violation" if detail.get("violation", True) else "alerts.no_violation")
                    text("span", f"{verdict} · {self._cause(str(detail['cause']))}")
            if self.actor.may(Right.ANSWER_ALERTS, alert.county):
                with box("div", "panel-body"):
                    self._comment(alert)

    # -- what people do -------------------------------------------------------------------------------------------

    def _actions(self, alert: AlertView) -> None:
        words = self.words
        self.act.clear()
        with self.act:
            text("h2", words("desk.actions"))
            with box("div", "panel-body"):
                if not self.actor.may(Right.ANSWER_ALERTS, alert.county):
                    text("p", words("desk.no_right"), "note")
                    return
                self._next(alert)
                if alert.state != "closed" and self.actor.may(Right.LEAD, alert.county):
                    form = Form(words, self._assign, classes="form line", said=self.said)
                    form.line("assignee", words("desk.assign_to"), required=True)
                    form.button(words("desk.assign"), plain=True)

    def _next(self, alert: AlertView) -> None:
        words = self.words
        match alert.state:
            case "raised":
                form = Form(words, self._acknowledge, said=self.said)
                form.area("note", words("desk.note"), rows=2)
                form.button(words("alerts.acknowledge"))
            case "acknowledged":
                form = Form(words, self._verify, said=self.said)
                verdicts = {"": "–", "yes": words("alerts.violation"), "no": words("alerts.no_violation")}
                form.choice("violation", words("alerts.is_violation"), verdicts, required=True)
                causes = {"": "–"} | {cause: self._cause(cause) for cause in self.sources.alerts.policy.terms.causes}
                form.choice("cause", words("alerts.cause"), causes, required=True)
                form.area("note", words("desk.note"))
                form.button(words("alerts.verify"))
            case "verified" if alert.state_detail.get("violation"):
                form = Form(words, self._rectify, said=self.said)
                form.area("note", words("alerts.rectify_how"), required=True)
                form.button(words("alerts.rectify"))
            case "verified" | "rectified":
                form = Form(words, self._close, said=self.said)
                form.area("reason", words("alerts.close_why"), required=True)
                form.button(words("alerts.close"))
            case _:
                text("p", f"{words('desk.nothing_left')} {alert.state_detail.get('reason', '')}")

    def _comment(self, alert: AlertView) -> None:
        words, desk = self.words, self.sources.alerts

        async def said(values: Values) -> str:
            await self._done(lambda: desk.comment(alert.id, by=self.actor.name, text=values["text"], now=self._now()))
            return words("desk.commented")

        form = Form(words, said)
        form.area("text", words("desk.comment"), required=True, rows=2)
        form.button(words("desk.comment_add"), plain=True)

    def _cause(self, cause: str) -> str:
        zh, en = self.sources.alerts.policy.causes.get(cause, (cause, cause))
        return zh if self.words.language == "zh" else en

    def _now(self) -> datetime:
        return self.sources.now()

    async def _done(self, work: Callable[[], AlertView], *, right: Right = Right.ANSWER_ALERTS) -> None:
        try:
            await act(self.actor, self.words, work, right=right, county=self.alert.county)
        finally:
            await self.renew_or_say()

    async def _acknowledge(self, values: Values) -> str:
        desk, alert = self.sources.alerts, self.alert
        await self._done(
            lambda: desk.acknowledge(
                alert.id, by=self.actor.name, note=values.get("note", ""), now=self._now(), version=alert.version
            )
        )
        return self.words("alerts.acknowledged_now", what=alert.subject_name)

    async def _verify(self, values: Values) -> str:
        desk, alert = self.sources.alerts, self.alert
        await self._done(
            lambda: desk.verify(
                alert.id,
                by=self.actor.name,
                violation=values.get("violation") == "yes",
                cause=values.get("cause", ""),
                note=values.get("note", ""),
                now=self._now(),
                version=alert.version,
            )
        )
        return self.words("alerts.verified_now")

    async def _rectify(self, values: Values) -> str:
        desk, alert = self.sources.alerts, self.alert
        note = values.get("note", "")
        await self._done(
            lambda: desk.rectify(alert.id, by=self.actor.name, note=note, now=self._now(), version=alert.version)
        )
        return self.words("alerts.rectified_now")

    async def _close(self, values: Values) -> str:
        desk, alert = self.sources.alerts, self.alert
        reason = values.get("reason", "")
        await self._done(
            lambda: desk.close(alert.id, by=self.actor.name, reason=reason, now=self._now(), version=alert.version)
        )
        return self.words("alerts.closed_now")

    async def _assign(self, values: Values) -> str:
        desk, alert = self.sources.alerts, self.alert
        name = values.get("assignee", "").strip()
        await self._done(
            lambda: desk.assign(alert.id, assignee=name, by=self.actor.name, now=self._now(), version=alert.version),
            right=Right.LEAD,
        )
        return self.words("desk.assigned", name=name)
