"""An administrator gives somebody an account, who comes in, replaces the password, makes a token, and is shut out."""

import re

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Enter
from tests.browser.test_journeys import send

pytestmark = pytest.mark.asyncio(loop_scope="session")

NEW = "quiet morning 7 boats"


async def test_an_account_from_its_making_to_its_end(enter: Enter):
    office = await enter("guan")
    await office.open("/people")
    await send(office.page, "添加人员", login="sun7", name="孙八", role="inspector", county="371502")
    said = office.page.get_by_text("初始密码只显示这一次")
    await expect(said).to_be_visible()
    password = re.search(r"：(\S+)$", str(await said.text_content()))[1]
    await office.shot("people")

    person = await enter(None, phone=True)
    await person.open("/alerts")
    await person.page.fill("input[name=login]:not([type=hidden])", "sun7")
    await person.page.fill("input[name=password]:not([type=hidden])", password)
    await person.page.keyboard.press("Enter")
    await person.page.wait_for_url(re.compile("/me$"))
    await person.says("请先修改")
    await send(person.page, "修改密码", old=password, new=NEW, again=NEW)
    await person.says("密码已修改")
    assert await person.width() <= 390
    await send(person.page, "生成令牌", name="手机脚本", role="viewer")
    token = re.search(r"stackwatch_\S+", str(await person.page.get_by_text("令牌只显示这一次").text_content()))[0]
    await person.shot("me-phone")
    asked = await person.page.request.get(f"{person.address}/api/v1/me", headers={"Authorization": f"Bearer {token}"})
    assert ((await asked.json())["by"], asked.status) == ("孙八 (sun7) · 手机脚本", 200)

    row = office.page.get_by_label("人员与权限").locator("tr", has_text="sun7")
    await row.get_by_text("修改", exact=True).click()
    await row.get_by_role("button", name="停用").click()
    await expect(row.get_by_text("已停用").first).to_be_visible()
    log = office.page.get_by_label("操作记录")
    for line in ("停用", "生成令牌", "修改密码", "添加人员"):
        await expect(log.get_by_text(line, exact=True).first).to_be_visible()
    assert NEW not in str(await log.text_content())
    await person.page.goto(f"{person.address}/alerts")
    await expect(person.page).to_have_url(re.compile("/login"))


async def test_another_countys_alert_looks_like_none(enter: Enter):
    neighbour = await enter("zhao", language="en")
    assert await neighbour.open("/counties/371502") == 404
    assert await neighbour.open("/outlets/O371502-01") == 404
    assert await neighbour.open("/people") == 403
    await neighbour.says("Your role cannot open this page.")
    await neighbour.open("/")
    await expect(neighbour.page.locator("tbody th.subject")).to_have_count(1)
    neighbour.troubles[:] = [said for said in neighbour.troubles if "403" not in said]


async def test_the_log_out_works_by_keyboard(enter: Enter):
    somebody = await enter("kan")
    await somebody.page.get_by_role("button", name="退出").focus()
    await somebody.page.keyboard.press("Enter")
    await expect(somebody.page).to_have_url(re.compile("/login"))
    await somebody.page.go_back()
    await somebody.page.reload()
    await expect(somebody.page).to_have_url(re.compile("/login"))
