"""The frames behind one reading: as they came, and decoded."""

import asyncio
import logging
from collections.abc import Mapping
from datetime import datetime, timedelta

from fastapi import Request
from nicegui.element import Element

from emissions.beijing import BEIJING, HOUR
from emissions.reading import Reading
from emissions.register import Outlet
from hj212.message import Message
from web import figures
from web.packets import PacketsUnavailable
from web.pages.chart_layers import moment_text
from web.pages.frame import Notice, frame, language_of, not_found
from web.pages.markup import box, link, path, text
from web.pages.outlet_crumbs import outlet_crumbs
from web.periods import EARLIEST_YEAR, LATEST_YEAR, period_at
from web.said import factor_name, factor_unit, flag_name
from web.sources import Sources
from web.views.names import outlet_name
from web.views.packets import Frame, frames_of
from web.wording import Wording, wording

log = logging.getLogger(__name__)

COMMANDS = ("2011", "2051", "2061", "2031")


async def packets_page(sources: Sources, request: Request, outlet_id: str) -> None:
    """Build the page for ``?cn=2061&at=2026-11-24T10:00``, Beijing time."""
    outlet = sources.register.outlets.get(outlet_id)
    cn, at = request.query_params.get("cn", "2061"), _moment(request.query_params.get("at", ""))
    if outlet is None or cn not in COMMANDS or at is None:
        not_found(sources, request, outlet_id if outlet is None else f"{cn} {request.query_params.get('at', '')}")
        return
    words = wording(language_of(request))
    with frame(sources, request, "", f"{outlet_name(sources.register, outlet_id)} {cn} {figures.full(at)}"):
        outlet_crumbs(sources, words, outlet, words("packet.title"))
        with box("div", "page-head"):
            text("h1", f"{words('packet.title')}: {words.of('cn', cn)} {cn}")
            text("p", f"{outlet_name(sources.register, outlet_id)} · {figures.full(at)}", "subtitle")
        notice = Notice(words)
        _neighbours(words, outlet, cn, at)
        body = box("div")

        async def fill() -> None:
            found = await asyncio.to_thread(
                sources.store.readings, outlet_id, cn=cn, start=at, end=at + timedelta(seconds=1)
            )
            if not found:
                with body:
                    text("p", words("packet.none"), "empty")
                return
            await show_frames(sources, words, outlet, found[0], body)

        await notice.guard(fill)


async def show_frames(sources: Sources, words: Wording, outlet: Outlet, reading: Reading, body: Element) -> None:
    """Fill an element with the frames behind a reading; where the feed has none, with the reading itself."""
    try:
        found = await frames_of(sources.packets, sources.acceptance, outlet, reading)
    except PacketsUnavailable as error:
        log.warning("frames cannot be looked up: %s", error)
        found, why = [], words("packet.away")
    else:
        why = words("packet.gone")
    with body:
        for number, one in enumerate(found, 1):
            _frame(words, one, title=words("packet.frame", number=number, total=len(found)))
        if not found:
            text("p", why, "notice", role="status")
            with box("section", "panel block"):
                text("h2", words("packet.stored"))
                _numbers(words, {key: figures.number(value) for key, value in reading.numbers.items()}, reading.flags)


def _frame(words: Wording, one: Frame, *, title: str) -> None:
    with box("section", "panel block"):
        with box("div", "panel-head"):
            text("h2", title)
            gateway = f" · {words('packet.gateway')} {one.gateway}" if one.gateway else ""
            text("span", f"{words('outlet.received')} {figures.full(one.received_at)}{gateway}", "note")
        with box("div", "panel-body"):
            text("h3", words("packet.raw"))
            text("pre", one.raw, "raw", tabindex="0", aria_label=words("packet.raw"))
            if one.hidden:
                text("p", words("packet.hidden"), "note")
        if one.message is not None:
            _head(words, one.message)
        numbers: dict[str, str] = {}
        flags: dict[str, str] = {}
        for factor, suffixes in one.packet.values.items():
            for suffix, value in suffixes.items():
                (flags if suffix == "Flag" else numbers)[f"{factor}-{suffix}"] = value
        text("h3", words("packet.values"), "sub-head")
        _numbers(words, numbers, flags)


def _head(words: Wording, message: Message) -> None:
    right = message.crc_given is not None and message.crc_given.upper() == (message.crc_computed or "").upper()
    said = words("packet.crc_right" if right else "packet.crc_profile")
    rows = [
        ("QN", message.qn),
        ("ST", message.st),
        ("CN", f"{message.cn} {words.of('cn', message.cn or '')}"),
        ("MN", message.mn),
        ("Flag", None if message.flag is None else f"{message.flag.raw} · HJ 212-{message.edition}"),
        ("PNUM/PNO", None if message.pnum is None else f"{message.pnum} / {message.pno}"),
        ("DataTime", message.data_time),
        ("CRC", f"{message.crc_given} · {said}"),
    ]
    with box("dl", "facts"):
        for name, value in rows:
            if value is not None:
                text("dt", name)
                text("dd", value)


def _numbers(words: Wording, numbers: Mapping[str, str], flags: Mapping[str, str]) -> None:
    """A row for each value with its factor's flag; texts that are no flag of a value stand behind."""
    with box("div", "scroll", tabindex="0"), box("table", "grid rates-table"):
        with box("thead"), box("tr"):
            for key, classes in (("factor", ""), ("value", "num"), ("unit", ""), ("flag", "")):
                text("th", words(f"outlet.{key}"), classes, scope="col")
        with box("tbody"):
            for key, value in sorted(numbers.items()):
                factor, _, suffix = key.rpartition("-")
                with box("tr"):
                    with box("th", "factor", scope="row"):
                        text("span", factor_name(factor, words))
                        text("span", key, "note")
                    text("td", value, "num")
                    text("td", factor_unit(factor) if suffix != "Cou" else "", "unit")
                    flag = flags.get(f"{factor}-Flag", "")
                    text("td", flag if flag in {"", "N"} else f"{flag} {flag_name(flag, words)}")


def _neighbours(words: Wording, outlet: Outlet, cn: str, at: datetime) -> None:
    """The packets before and after, and for an hour what was made of it."""
    step = {"2061": HOUR, "2031": 24 * HOUR, "2051": timedelta(minutes=outlet.minute_interval)}.get(cn)
    with box("div", "toolbar"):
        if step is not None:
            with box("div", "segments", role="group", aria_label=words("packet.step")):
                for key, moment in (("previous", at - step), ("next", at + step)):
                    link(packet_path(outlet.id, cn, moment), f"{words(f'explain.{key}')} {figures.day_time(moment)}")
        if cn == "2061":
            hour = {"level": "outlet", "id": outlet.id, "window": "day", "period": period_at(at, "day")}
            href = path("explain", **hour, track="completed", hour=f"{at:%Y-%m-%dT%H}", pollutant=outlet.pollutants[0])
            link(href, words("packet.judged"), "button plain")


def packet_path(outlet: str, cn: str, at: datetime) -> str:
    """Address of the frames behind a reading."""
    return path("outlets", outlet, "packets", cn=cn, at=moment_text(at))


def _moment(written: str) -> datetime | None:
    """A moment of Beijing time as an address has it; None where it is none."""
    try:
        at = datetime.fromisoformat(written)
        at = (at if at.tzinfo is not None else at.replace(tzinfo=BEIJING)).astimezone(BEIJING)
    except (ValueError, OverflowError):
        return None
    return at if EARLIEST_YEAR <= at.year <= LATEST_YEAR else None
