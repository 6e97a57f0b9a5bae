"""The evidence of an alert in words, with the way to each hour that it rests on."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from alerts.views import AlertView
from emissions.beijing import to_beijing
from emissions.conservation import RULE as ACCOUNT_GAP
from web import figures
from web.pages.markup import box, link, path, text
from web.periods import period_at
from web.said import evidence_lines
from web.sources import Sources
from web.wording import Wording


def evidence_panel(sources: Sources, words: Wording, alert: AlertView) -> None:
    """What the software found when, and the hours behind it."""
    with box("section", "panel block"):
        text("h2", words("desk.evidence"))
        with box("dl", "facts"):
            text("dt", words("alerts.raised"))
            text("dd", figures.minute(alert.raised_at))
            text("dt", words("outlet.time"))
            text("dd", figures.minute(alert.started_at))
            if lines := evidence_lines(alert.rule, alert.evidence, words, sources.name_of):
                text("dt", words("desk.evidence"))
                with box("dd"):
                    for line in lines:
                        text("div", line)
            if rule := alert.evidence.get("rule"):
                text("dt", words("outlet.rule"))
                text("dd", str(rule))
        _hours(words, alert)
        _period(words, alert)
        if alert.rule == ACCOUNT_GAP:
            link(path("account", hours="168", outlet=alert.subject.get("outlet")), words("account.title"))


def _hours(words: Wording, alert: AlertView) -> None:
    hours, outlet = alert.evidence.get("hours"), alert.subject.get("outlet")
    if not isinstance(hours, list) or outlet is None:
        return
    listed = [row for row in hours if isinstance(row, Mapping) and _moment(row.get("hour")) is not None]
    if not listed:
        return
    text("h3", words("alerts.hour_list"), "sub-head")
    with box("div", "scroll tall", tabindex="0"), box("table", "grid rates-table"):
        with box("thead"), box("tr"):
            text("th", words("outlet.time"), scope="col")
            text("th", f"{words('outlet.converted')} mg/m³", "num", scope="col")
            text("th", f"{words('outlet.limit')} mg/m³", "num", scope="col")
        with box("tbody"):
            for row in listed:
                at = _moment(row["hour"])
                assert at is not None
                href = path(
                    "explain",
                    level="outlet",
                    id=str(outlet),
                    window="day",
                    period=period_at(at, "day"),
                    track="completed",
                    hour=f"{at:%Y-%m-%dT%H}",
                    pollutant=str(alert.evidence.get("pollutant", "")) or None,
                )
                with box("tr"):
                    with box("th", scope="row"):
                        link(href, figures.minute(at))
                    text("td", _number(row.get("converted_mg_m3")), "num bad")
                    text("td", _number(row.get("limit_mg_m3")), "num quiet")


def _period(words: Wording, alert: AlertView) -> None:
    """For a county's rate: the way to its explanation."""
    period = alert.evidence.get("period")
    if isinstance(period, str) and "outlet" not in alert.subject:
        track = "completed" if alert.evidence.get("settled") else "in_time"
        with box("div", "panel-body"):
            link(path("explain", level="county", id=alert.county, period=period, track=track), words("county.explain"))


def _moment(written: object) -> datetime | None:
    try:
        return to_beijing(datetime.fromisoformat(str(written)))
    except ValueError:
        return None


def _number(value: Any) -> str:
    return figures.mg(float(value)) if isinstance(value, int | float) else figures.NONE
