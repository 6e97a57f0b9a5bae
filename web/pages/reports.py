"""The monthly report as a page: choose a month, read the ranking and the rest, take it away as a file."""

import asyncio
from collections.abc import Mapping

from fastapi import Request
from markupsafe import Markup
from nicegui import ui

from people.roles import Right
from web.access.asking import person_of
from web.pages.fixed import Fixed, anchor, fixed
from web.pages.frame import AWAY, Notice, frame, language_of
from web.pages.markup import box, link, path, text
from web.pages.report_charts import options
from web.periods import NotAPeriod, bounds
from web.reports.document import Document, Section, Table, Value, is_number, written
from web.reports.monthly_document import monthly_document
from web.reports.reading import read_monthly
from web.sources import Sources
from web.wording import Wording, wording

_FORMATS = ("xlsx", "pdf", "html")


async def reports_page(sources: Sources, request: Request, period: str) -> None:
    """Build the page. It does not renew itself: it says what it was made of, and when."""
    words = wording(language_of(request))
    person = person_of(request)
    try:
        bounds("month", period)
    except NotAPeriod:
        period = sources.month()
    with frame(sources, request, "reports", words("report.page")):
        notice = Notice(words)
        try:
            report = await asyncio.to_thread(read_monthly, sources, period, by=person.by)
        except AWAY:
            notice.show(words("state.unavailable"))
            _choose(words, period)
            return
        document = monthly_document(report, words, sources.name_of)
        with box("div", "page-head"):
            text("h1", document.title)
            text("p", document.status, "subtitle")
        with box("div", "toolbar"):
            _choose(words, period)
            if person.holds(Right.EXPORT):
                with box("div", "buttons", role="group", aria_label=words("report.download")):
                    for format_ in _FORMATS:
                        href = path(
                            "api", "v1", "reports", "monthly", period=period, format=format_, lang=words.language
                        )
                        link(href, format_.upper(), "button plain", download="" if format_ != "html" else "report.html")
        if report.provenance.as_of is None:
            text("p", words("report.unsettled_month", period=period), "empty")
            return
        _body(document, words)


def _choose(words: Wording, period: str) -> None:
    with box("form", "form", action="/reports", method="get"):
        with box("label", "field"):
            text("span", words("report.choose"))
            box("input", "text", type="month", name="period", value=period, required="")
        text("button", words("report.show"), "button", type="submit")


def _body(document: Document, words: Wording) -> None:
    with box("section", "stats"):
        for figure in document.figures:
            with box("div", "stat", data_figure=figure.key):
                text("div", figure.title, "stat-title")
                text("div", written(figure.value, figure.kind), "stat-value")
                text("div", figure.note or "\u00a0", "stat-note")
    text("p", words("report.explain_hint"), "note")
    for section in document.sections:
        _section(section)
    with box("section", "panel block"):
        for note in document.notes:
            text("p", note, "hint")
        with box("dl", "facts"):
            for name, value in document.provenance:
                text("dt", name)
                text("dd", value)


def _section(section: Section) -> None:
    with box("section", "panel block", id=section.key):
        with box("div", "panel-head"):
            text("h2", section.title)
        for paragraph in section.lead:
            text("p", paragraph, "hint")
        if section.table is None:
            return
        if not section.table.rows:
            text("p", section.table.empty, "hint")
            return
        if section.chart is not None:
            with box("div", "chart"):
                text("p", section.chart.title, "note")
                drawn = options(section.chart, section.table)
                height = drawn.pop("height")
                ui.echart(drawn).style(f"height: {height}px")
        with box("div", "scroll", tabindex="0"):
            _table(section.table)


def _table(table: Table) -> None:
    with box("table", "grid", aria_label=table.name):
        with box("thead"), box("tr"):
            for column in table.columns:
                text("th", column.title, "num" if is_number(column.kind) else "", scope="col")
        Fixed("tbody", (_row(table, at, row) for at, row in enumerate(table.rows)))


def _row(table: Table, at: int, row: Mapping[str, Value]) -> Markup:
    cells: list[Markup] = []
    led = False
    for column in table.columns:
        content = written(row.get(column.key), column.kind)
        if column.wide and not led and at in table.links:
            led = True
            cells.append(fixed("th", [anchor(table.links[at], content)], scope="row"))
        else:
            cells.append(fixed("td", content, "num" if is_number(column.kind) else ""))
    return fixed("tr", cells, "below" if at in table.flagged else "")
