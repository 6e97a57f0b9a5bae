"""Every page, in both languages, on a desk and on a phone: nothing to scroll sideways, nothing that axe objects to.

The screenshots that these tests keep are there to be looked at.
"""

import asyncio
from dataclasses import dataclass

import pytest
from axe_playwright_python.async_playwright import Axe

from tests.browser.conftest import PHONE, Enter, Site, Visit
from tests.unit.web import town

pytestmark = pytest.mark.asyncio(loop_scope="session")

ALL = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}
OF_THE_LAYOUT = {"type": "rule", "values": ["scrollable-region-focusable", "label", "button-name", "link-name"]}
"""What may be otherwise on a narrow page; colours are the same."""


@dataclass(frozen=True)
class Shown:
    """One page, and what it must show before it is looked at."""

    name: str
    path: str
    ready: str = "main.main h1"


PAGES = (
    Shown("board", "/", "table.counties tbody tr"),
    Shown("county", f"/counties/{town.COUNTIES[2][0]}", ".budget-left"),
    Shown("county-without-outlets", f"/counties/{town.NO_OUTLETS}"),
    Shown("outlet", "/outlets/O371502-01?days=1", ".nicegui-echart canvas"),
    Shown("outlet-31-days", "/outlets/O371502-01?days=31", ".nicegui-echart canvas"),
    Shown("packets", "/outlets/O371502-01/packets?cn=2061&at=2026-11-10T12:00", "pre.raw"),
    Shown("explain-county", "/explain?level=county&id=371502", ".agree.yes"),
    Shown("explain-hour", "/explain?level=outlet&id=O371502-01&hour=2026-11-10T12&pollutant=a21026", "pre.raw"),
    Shown("alerts", "/alerts", "li.item"),
    Shown("alert", "/alerts/{alert}", ".timeline li"),
    Shown("orders", "/orders"),
    Shown("silences", "/silences"),
    Shown("cases", "/cases?state=all", ".case"),
    Shown("case", "/cases/{case}", ".timeline li"),
    Shown("proposals", "/proposals?state=all", ".case"),
    Shown("marks", "/marks", "form"),
    Shown("coverage", "/coverage", ".stat-value"),
    Shown("reports", "/reports"),
    Shown("account", "/account", "table.grid tbody tr"),
    Shown("account-outlet", "/account?outlet=O371502-02", "td.bad"),
    Shown("quarantine", "/quarantine?state=all", "table.grid tbody tr"),
    Shown("me", "/me"),
    Shown("not-found", "/nowhere"),
)


async def look(visit: Visit, shown: Shown, path: str, name: str, rules: dict[str, object]) -> list[str]:
    """Open a page, keep its picture, and say what is wrong with it."""
    wrong = []
    await visit.open(path)
    await visit.page.locator(shown.ready).first.wait_for()
    viewport = visit.page.viewport_size
    assert viewport is not None
    if (width := await visit.width()) > viewport["width"]:
        wrong.append(f"{shown.name}: {width} px wide")
    await visit.page.evaluate(Axe().axe_script)
    found = await visit.page.evaluate("rules => axe.run({runOnly: rules, resultTypes: ['violations']})", rules)
    for one in found["violations"]:
        where = "; ".join(node["html"][:140] for node in one["nodes"][:3])
        wrong.append(f"{shown.name}: {one['id']} ({one['help']}): {where}")
    await visit.shot(f"page-{shown.name}-{name}")
    return wrong


@pytest.mark.parametrize(
    ("language", "phone", "rules"),
    [
        pytest.param("zh", True, OF_THE_LAYOUT, id="Chinese on a phone"),
        pytest.param("en", False, ALL, id="English on a desk"),
        pytest.param("zh", False, ALL, id="Chinese on a desk", marks=pytest.mark.long),
        pytest.param("en", True, ALL, id="English on a phone", marks=pytest.mark.long),
    ],
)
async def test_every_page_fits_and_can_be_used_by_everybody(
    enter: Enter, site: Site, language: str, phone: bool, rules: dict[str, object]
):
    (case,) = await asyncio.to_thread(site.desk.cases, county=town.COUNTIES[2][0])
    (alert, *_) = await asyncio.to_thread(site.desk.alerts, county="371502")
    shi = await enter("shi", phone=phone, language=language)
    assert not phone or (shi.page.viewport_size or {})["width"] == PHONE["width"] == 360
    wrong = []
    for shown in PAGES:
        path = shown.path.format(alert=alert.id, case=case.id)
        wrong += await look(shi, shown, path, f"{language}-{'phone' if phone else 'desk'}", rules)
    assert not wrong, "\n".join(wrong)


async def test_times_are_beijings_in_a_browser_of_another_zone(enter: Enter):
    shi = await enter("shi", language="en")  # the browser's own zone is New York's
    await shi.open("/outlets/O371502-01")
    await shi.says("2026-11-10 14:20:00")
    await shi.page.locator(".nicegui-echart canvas").first.wait_for()
    labels = await shi.page.evaluate(
        """() => {
          const node = document.querySelector(".nicegui-echart");
          const option = getElement(Number(node.id.slice(1))).chart.getOption();
          return [option.useUTC, option.xAxis[0].min];
        }"""
    )
    assert labels == [True, "2026-11-07T15:00:00Z"]


async def test_the_order_of_the_board_stands_in_its_address(enter: Enter):
    shi = await enter("shi", language="en")
    await shi.open("/?sort=name")
    await shi.page.locator("table.counties tbody tr").first.wait_for()
    first = shi.page.locator("table.counties tbody tr").first
    assert "市度假区" in await first.inner_text()
    await shi.page.get_by_role("link", name="Lowest rate first").click()
    await shi.page.locator("table.counties tbody tr.below").first.wait_for()
    assert "阳谷县" in await shi.page.locator("table.counties tbody tr").first.inner_text()
    assert shi.page.url.endswith("sort=rate"), "the address holds the state"


async def test_the_page_of_the_interface_shows_every_group_with_nothing_from_outside(enter: Enter, site: Site):
    shi = await enter("shi")
    asked: list[str] = []
    said: list[str] = []
    shi.page.on("request", lambda request: asked.append(request.url))
    shi.page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    await shi.page.goto(f"{shi.address}/api/docs")
    await shi.page.get_by_text("/api/v1/alerts/{alert_id}/acknowledge").first.wait_for()
    assert asked
    assert all(url.startswith((site.address, "data:")) for url in asked), asked
    assert not said
