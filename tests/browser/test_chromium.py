"""The browser of the tests can be had on a machine that has none."""

from pathlib import Path

import pytest
from playwright.async_api import async_playwright

from deploy.engines import chromium as engine

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.long]


async def test_debians_browser_unpacked_beside_the_machines_own_shows_chinese(tmp_path: Path):
    """Of the font's own widths a Chinese character is as wide as it is high; without the font it would be a box."""
    found = engine.unpacked(engine.chromium(tmp_path).env)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=found.executable, env=found.env, args=list(found.options), chromium_sandbox=False
        )
        page = await browser.new_page()
        await page.set_content('<span id="zh" style="font-size: 40px">县区看板</span>')
        box = await page.locator("#zh").bounding_box()
        await browser.close()
    assert box is not None
    assert box["width"] == pytest.approx(160, abs=2)
