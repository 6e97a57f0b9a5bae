"""What people do on the pages, from beginning to end, in a real browser."""

import asyncio
import re
from datetime import timedelta

import pytest
from playwright.async_api import Page, expect

from emissions.finding import Finding, finding_id
from tests.browser.conftest import Enter, Site, Visit
from tests.unit.web import town

pytestmark = pytest.mark.asyncio(loop_scope="session")

SUPERVISED = town.COUNTIES[2][0]


def finding(name: str, *, county: str = "371502", outlet: str = "O371502-02") -> Finding:
    """One more exceedance, of the moment."""
    hour = town.NOW.replace(minute=0) - timedelta(hours=3)
    return Finding(
        id=finding_id("browser", name),
        rule="hourly_exceedance",
        subject={"outlet": outlet},
        from_=hour,
        to=None,
        severity="severe",
        county=county,
        known_at=town.NOW,
        evidence={
            "rule": "R9",
            "pollutant": "a21002",
            "hours": [{"hour": hour.isoformat(), "converted_mg_m3": 88.0, "limit_mg_m3": 50.0}],
            "peak_mg_m3": 88.0,
            "peak_multiple": 1.76,
        },
    )


async def raised(site: Site, name: str, **where: str) -> str:
    """Raise an alert as the alert process does; returns its id."""
    found = finding(name, **where)
    assert not await asyncio.to_thread(site.desk.take_in, [found], now=town.NOW)
    return found.id


async def send(page: Page, button: str, **fields: str) -> None:
    """Fill the form that has this button, and press it."""
    form = page.locator("form", has=page.get_by_role("button", name=button, exact=True)).first
    for name, value in fields.items():
        field = form.locator(f"[name={name}]")
        if await field.evaluate("field => field.tagName") == "SELECT":
            await field.select_option(value)
        else:
            await field.fill(value)
    await form.get_by_role("button", name=button, exact=True).click()


async def test_an_alert_from_receipt_on_a_phone_to_its_closing(enter: Enter, site: Site):
    wang = await enter("wang", phone=True)
    await wang.open("/alerts")
    await wang.says("按处理期限由近到远")
    alert = await raised(site, "journey")  # while the inbox is open
    item = wang.page.locator("li.item", has=wang.page.locator(f'a[href="/alerts/{alert}"]'))
    await item.wait_for()
    first = wang.page.locator("li.item").first
    assert await first.locator(f'a[href="/alerts/{alert}"]').count(), "the nearest deadline stands first"
    button = item.get_by_role("button", name="确认")
    box = await button.bounding_box()
    assert box is not None
    assert box["height"] >= 44
    assert box["width"] >= 300
    await button.tap()
    await wang.says(re.compile("已确认：小时均值超标"))
    await wang.shot("journey-alert-1-acknowledged")
    await item.get_by_role("link", name="小时均值超标").tap()
    await wang.says("处理")
    await wang.says(re.compile("须在 .* 前核实"))
    await send(wang.page, "核实", violation="yes", cause="treatment_failure", note="喷淋泵停转")
    await wang.says("已核实")
    await send(wang.page, "完成整改", note="更换水泵，恢复正常")
    await wang.says("已整改")
    await send(wang.page, "关闭", reason="连续两小时达标")
    await wang.says("已办结，没有下一步。")
    await wang.shot("journey-alert-2-closed")
    closed = await asyncio.to_thread(site.desk.alert, alert)
    assert (closed.state, closed.state_detail["by"]) == ("closed", "王五 (wang)")
    events = [event.name for event in await asyncio.to_thread(site.desk.timeline, alert)]
    assert events == ["raised", "acknowledged", "verified", "rectified", "closed"]
    for word in ("已确认", "已核实", "已整改", "已关闭", "喷淋泵停转"):
        assert await wang.page.locator(".timeline").get_by_text(word).count()


async def test_of_two_people_at_one_alert_the_second_sees_at_once_what_the_first_did(enter: Enter, site: Site):
    alert = await raised(site, "two at once")
    wang, li = await enter("wang"), await enter("li", language="en")
    for one in (wang, li):
        await one.open(f"/alerts/{alert}")
    await send(wang.page, "确认", note="我来处理")
    await wang.says(re.compile("已确认：|没有下一步|核实"))
    await li.page.get_by_role("button", name="Verify").wait_for()  # without loading the page again
    await li.says("我来处理")


async def test_a_case_from_its_opening_to_clearance_with_a_return(enter: Enter, site: Site):
    (case,) = await asyncio.to_thread(site.desk.cases, county=SUPERVISED)
    qian, shi = await enter("qian"), await enter("shi")
    await qian.open("/cases")
    await qian.page.get_by_role("link", name=re.compile("阳谷县")).first.click()
    await send(qian.page, "开始整改", note="成立专班")
    await qian.says("已进入：整改中")
    await send(qian.page, "申请销号", note="更换数采仪通信模块")
    await qian.says("等待市局核查。")
    assert not await qian.page.get_by_role("button", name="开始核查").count(), "the county does not verify itself"
    await shi.open(f"/cases/{case.id}")
    await send(shi.page, "开始核查")
    await shi.page.get_by_role("button", name="退回").wait_for()
    await send(shi.page, "退回", reason="夜间仍有断网")
    await qian.says("已退回 1 次")  # live
    await send(qian.page, "申请销号", note="加装备用电源")
    await shi.page.get_by_role("button", name="开始核查").wait_for()
    await send(shi.page, "开始核查")
    await shi.page.get_by_role("button", name="销号").wait_for()
    await send(shi.page, "销号", reason="连续七天有效传输率 99 %")
    await shi.says("销号须勾选签署")
    await shi.page.get_by_role("checkbox").check()
    await send(shi.page, "销号", reason="连续七天有效传输率 99 %")
    await shi.says(re.compile("办结|已销号"))
    await shi.shot("journey-case-cleared")
    cleared = await asyncio.to_thread(site.desk.case, case.id)
    assert cleared.state == "cleared"
    assert cleared.state_detail["by"] == "市局督查 (shi)"
    assert cleared.state_detail["returned"] == 1


async def test_a_percentage_is_followed_down_to_the_packet_and_the_rule(enter: Enter):
    shi = await enter("shi", language="en")
    await shi.open("/")
    row = shi.page.locator("tr", has=shi.page.get_by_role("link", name="东昌府区", exact=True))
    await row.get_by_role("link", name=re.compile("%")).first.click()
    await shi.says("Rate explained: 东昌府区")
    await shi.says("The hours add up to the published rate")
    await shi.page.locator("tr", has_text="%").get_by_role("link", name="东昌示例热电1号").first.click()
    await shi.says("Rate explained: 东昌示例热电1号")
    await shi.page.get_by_role("link", name=re.compile("1号机组排口")).first.click()
    await shi.says("Day by hour")
    await shi.page.get_by_role("link", name="2026-11-10 12:00").nth(1).click()
    await shi.says("nothing speaks against it, so it is valid")
    await shi.says(re.compile(r"× \(21 − 6\) ÷ \(21 − 5.7\) = "))
    await shi.says(re.compile("41.3 > 35"))
    raw = shi.page.locator("pre.raw")
    await raw.wait_for()
    said = await raw.inner_text()
    assert "CN=2061" in said
    assert "a21026-ZsAvg=41.3" in said
    assert "123456" not in said, "a logger's password is shown to nobody"
    await shi.shot("journey-explain")
    await shi.page.get_by_role("link", name="See the raw packet").click()
    await shi.says("checksum agrees")


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_what_belongs_to_another_county_is_not_there(enter: Enter, site: Site, language: str):
    other = await raised(site, "of another county", county="371503", outlet="O371503-01")
    (case, *_) = await asyncio.to_thread(site.desk.cases, county=SUPERVISED)
    wang = await enter("wang", language=language)
    for path in (
        "/counties/371503",
        "/outlets/O371503-01",
        "/outlets/O371503-01/packets?cn=2061&at=2026-11-10T12:00",
        f"/alerts/{other}",
        f"/cases/{case.id}",
        "/explain?level=outlet&id=O371503-01",
        "/orders/nothing",
    ):
        assert await wang.open(path) == 404, path
        assert not await wang.page.get_by_text("茌平").count(), path
    await wang.shot(f"another-county-{language}")


async def test_nobody_comes_in_without_a_log_in_and_is_led_back_to_where_they_wanted(enter: Enter):
    nobody = await enter(None)
    await nobody.open("/outlets/O371502-01?days=7")
    await expect(nobody.page).to_have_url(re.compile("/login"))
    await nobody.page.fill("input[name=login]:not([type=hidden])", "wang")
    await nobody.page.fill("input[name=password]:not([type=hidden])", "rain over the river 42")
    await nobody.page.click(".login-form button[type=submit]")
    await expect(nobody.page).to_have_url(re.compile(r"/outlets/O371502-01\?days=7"))


async def test_who_may_only_look_sees_no_button_that_acts(enter: Enter, site: Site):
    alert = await raised(site, "looked at only")
    kan = await enter("kan", language="en")
    for path in ("/alerts", f"/alerts/{alert}", "/marks", "/silences", "/orders", "/proposals"):
        await kan.open(path)
        await kan.page.locator("h1").wait_for()
        assert not await kan.page.locator("main.main button").count(), path


async def test_a_mark_is_previewed_entered_and_taken_back(enter: Enter):
    wang = await enter("wang", language="en")
    await wang.open("/marks")
    span = {"outlet": "O371502-01", "kind": "maintenance", "from": "2026-11-10T08:00", "to": "2026-11-10T10:10"}
    await send(wang.page, "Show what it changes", **span, note="zero check")
    await wang.says(re.compile("would change 2 hours"))
    await wang.page.locator("form [name=to]").fill("2026-11-10T07:00")
    await send(wang.page, "Enter a mark", **(span | {"to": "2026-11-10T07:00"}))
    await wang.says("The end must be after the beginning")
    await send(wang.page, "Enter a mark", **span, note="zero check")
    await wang.says(re.compile("Entered: .* 2 hours change"))
    await wang.says("Hours that it changes: 2")
    await wang.shot("marks-entered")
    await wang.open("/outlets/O371502-01")
    await wang.says("Hourly converted value against the limit")
    await wang.open("/marks?outlet=O371502-01")
    await wang.page.get_by_role("link", name="maintenance").first.click()
    await send(wang.page, "Take it back", note="wrong outlet")
    await wang.says("taken back")


async def test_a_step_against_an_enterprise_is_taken_by_the_head_with_a_reason(enter: Enter, site: Site):
    li = await enter("li")
    await li.open("/proposals")
    await li.says("即超即罚")
    await send(li.page, "采取：即超即罚", reason="数据属实")
    await li.says(re.compile("已决定对 .* 采取：即超即罚"))
    taken = await asyncio.to_thread(site.desk.proposals.all, county="371502", state="confirmed")
    assert [one.state_detail["by"] for one in taken] == ["李四 (li)"]


async def test_a_work_order_is_ordered_done_sent_back_and_closed(enter: Enter, site: Site):
    li, wang = await enter("li"), await enter("wang", phone=True)
    await li.open("/orders?outlet=O371502-01")
    await send(li.page, "派发", title="更换采样探头滤芯", due="2026-11-12T18:00", assignee="王五")
    await li.says(re.compile("已派发：更换采样探头滤芯"))
    (order,) = await asyncio.to_thread(site.desk.orders.all, outlet="O371502-01")
    await wang.open(f"/orders/{order.id}")
    await send(wang.page, "报告完成", note="已更换")
    await wang.says("已完成，待验收")
    await li.open(f"/orders/{order.id}")
    await send(li.page, "退回", note="没有照片")
    await li.says("核查退回")
    await wang.page.get_by_role("button", name="报告完成").wait_for()
    await wang.page.locator("input[type=file]").set_input_files(
        {"name": "filter.png", "mimeType": "image/png", "buffer": b"\x89PNG\r\n\x1a\n" + b"0" * 100}
    )
    await wang.page.get_by_role("button", name="上传").tap()
    await wang.says("已添加 filter.png")
    await send(wang.page, "报告完成", note="已更换，附照片")
    await li.page.get_by_role("button", name="验收办结").wait_for()
    await send(li.page, "验收办结", note="照片清楚")
    await li.says("已办结，没有下一步。")
    await li.shot("order-closed")
    (order,) = await asyncio.to_thread(site.desk.orders.all, outlet="O371502-01")
    assert order.state == "closed"


async def test_a_silence_has_an_author_and_an_end_and_can_be_ended(enter: Enter):
    li = await enter("li", language="en")
    await li.open("/silences")
    await send(li.page, "Begin a silence", outlet="O371502-03", reason="planned stop of the boiler")
    await li.says(re.compile("The silence has begun, until 2026-11-10 18:20"))
    await li.says("李四 (li)")
    await li.shot("silence")
    await send(li.page, "End it now", reason="the boiler runs again")
    await li.says("No silences")


async def test_a_file_that_is_not_what_it_says_is_refused_in_words(enter: Enter, site: Site):
    alert = await raised(site, "with a bad file")
    wang = await enter("wang", language="en")
    await wang.open(f"/alerts/{alert}")
    await wang.page.locator("input[type=file]").set_input_files(
        {"name": "page.png", "mimeType": "image/png", "buffer": b"<script>alert(1)</script>"}
    )
    await wang.page.get_by_role("button", name="Attach", exact=True).click()
    await wang.says(re.compile("page.png was not attached: .*does not begin"))
    wang.troubles.clear()  # the browser notes the refusal, as it should


async def test_an_alert_is_acknowledged_by_keyboard_alone(enter: Enter, site: Site):
    alert = await raised(site, "by keyboard")
    wang = await enter("wang", language="en")
    await wang.open(f"/alerts/{alert}")
    await wang.page.get_by_role("button", name="Acknowledge").wait_for()
    await wang.page.keyboard.press("Tab")
    assert await wang.page.evaluate("document.activeElement.textContent") == "Skip to content"
    for _ in range(60):
        if await wang.page.evaluate("document.activeElement.textContent") == "Acknowledge":
            break
        assert await focus_is_seen(wang), await wang.page.evaluate("document.activeElement.outerHTML")
        await wang.page.keyboard.press("Tab")
    await wang.page.keyboard.press("Enter")
    await wang.page.get_by_role("button", name="Verify").wait_for()


async def focus_is_seen(visit: Visit) -> bool:
    """Whether what has the focus is drawn around."""
    script = """() => {
      const style = getComputedStyle(document.activeElement);
      return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1;
    }"""
    return bool(await visit.page.evaluate(script))


async def test_a_click_on_a_point_of_the_chart_leads_to_its_packet(enter: Enter):
    wang = await enter("wang", language="en")
    await wang.open("/outlets/O371502-01?days=1")
    chart = wang.page.locator(".nicegui-echart").nth(1)
    await chart.locator("canvas").first.wait_for()
    at = await chart.evaluate(
        """node => {
          const chart = echartOf(node), option = chart.getOption();
          const point = option.series[0].data.findLast(one => one[1] !== null);
          return [...chart.convertToPixel({seriesIndex: 0}, [Date.parse(point[0]), point[1]]), point[0]];
        }""".replace("echartOf(node)", "getElement(Number(node.id.slice(1))).chart")
    )
    await chart.click(position={"x": at[0], "y": at[1]})
    await wang.says("Raw packets: Hour data 2061")
    await wang.says("checksum agrees")


async def test_a_refused_packet_is_examined_again_by_an_inspector_of_its_county(enter: Enter):
    wang = await enter("wang", language="en")
    await wang.open("/quarantine")
    rows = wang.page.locator("table.grid tbody tr")
    await expect(rows).to_have_count(2)  # neither another county's nor a stranger's
    await rows.filter(has_text="MN is not registered").get_by_role("checkbox").check()
    await wang.page.get_by_label("Only try, change nothing").check()
    await wang.page.get_by_role("button", name="Examine those chosen again").click()
    await expect(wang.page.locator(".said:visible")).to_have_text("1 examined: 1 would go back into the feed.")
    await expect(rows).to_have_count(2)
    await rows.filter(has_text="MN is not registered").get_by_role("checkbox").check()
    await wang.page.get_by_role("button", name="Examine those chosen again").click()
    await expect(wang.page.locator(".said:visible")).to_have_text("1 examined: 1 are back in the feed.")
    await expect(rows).to_have_count(1)
    await wang.page.get_by_role("button", name="Examine all 1 again").click()
    said = "1 examined: 0 are back in the feed. Still wrong: command not supported 1."
    await expect(wang.page.locator(".said:visible")).to_have_text(said)
    await wang.page.get_by_role("link", name="back in the feed").click()
    await expect(rows).to_have_count(1)
    await expect(rows).to_contain_text("王五 (wang)")
    await wang.shot("quarantine")


async def test_who_only_looks_sees_refused_packets_without_buttons(enter: Enter):
    kan = await enter("kan", language="en")
    await kan.open("/quarantine?state=all")
    await expect(kan.page.locator("table.grid tbody tr")).to_have_count(2)
    await expect(kan.page.get_by_role("checkbox")).to_have_count(0)
