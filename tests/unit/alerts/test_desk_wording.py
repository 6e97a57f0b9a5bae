"""What people read of several alerts at once, of proposals and of work orders."""

from dataclasses import replace

import pytest

from alerts.group_wording import group_text
from alerts.messages import DeskMessage
from alerts.wording import Text, text_for
from tests.unit.alerts.scene import COUNTY, HOUR, MINUTE, T0
from tests.unit.alerts.test_wording import alert_message

NAMES = {COUNTY: "东昌府区", "e1": "示例热电"}


def name_of(code: str) -> str:
    return NAMES.get(code, code)


def grouped(count: int, *, language: str = "zh", listed: int = 1000) -> Text:
    messages = [
        alert_message(
            id=f"s{n}",
            rule="silence",
            subject={"outlet": f"o{n}"},
            subject_name=f"{n}号排放口",
            from_=T0 + n * MINUTE,
            deadline=T0 + 4 * HOUR + n * MINUTE,
            evidence={},
        )
        for n in range(count)
    ]
    return group_text(messages, severity="warning", language=language, name_of=name_of, listed=listed)


def test_one_notice_names_all_of_them() -> None:
    said = grouped(30)
    assert said.title == "[警告] 数据中断: 东昌府区 × 30 (新报警)"
    assert all(f"- {n}号排放口" in said.body.splitlines() for n in range(30))
    assert "自 2026-11-24 10:00 – 2026-11-24 10:29" in said.body
    assert "最早处理时限：2026-11-24 14:00" in said.body


def test_in_english_and_with_an_end_to_the_list() -> None:
    said = grouped(30, language="en", listed=10)
    assert said.title == "[warning] silence: 东昌府区 × 30 (new alert)"
    assert "and 20 more" in said.body
    assert sum(line.startswith("- ") for line in said.body.splitlines()) == 10


PROPOSAL = DeskMessage(
    kind="proposal",
    event_id="proposal:p1:1",
    event="proposed",
    at=T0,
    by="data",
    reason="2 hours over the limit",
    detail={"step": "stop_to_rectify"},
    hash="0",
    id="p1",
    county=COUNTY,
    subject_name="示例热电",
    state="proposed",
    level="county_head",
    deadline=T0 + 72 * HOUR,
    content={"step": "stop_to_rectify", "grounds": {"f1": {"hours": 2}, "f2": {"hours": 3}}},
)
ORDER = replace(
    PROPOSAL,
    kind="work_order",
    event="escalated",
    by="clock",
    id="w1",
    subject_name="示例热电 1号炉",
    content={"title": "更换滤芯", "kind": "repair", "assignee": "运维一组"},
)


@pytest.mark.parametrize(
    ("message", "language", "title", "parts"),
    [
        pytest.param(
            PROPOSAL,
            "zh",
            "建议采取措施: 示例热电 (停产整治)",
            ["东昌府区", "2 起超标，共 5 小时", "人工核实", "县级负责人", "2026-11-27 10:00", "p1"],
            id="a proposal",
        ),
        pytest.param(
            PROPOSAL,
            "en",
            "step proposed: 示例热电 (stop production to rectify)",
            ["2 exceedances, 5 hours", "a person decides", "county head"],
            id="a proposal in English",
        ),
        pytest.param(
            ORDER,
            "zh",
            "逾期未处理，升级: 示例热电 1号炉 (更换滤芯)",
            ["维修", "运维一组", "县级负责人"],
            id="a work order that is late",
        ),
        pytest.param(replace(ORDER, by="李四", reason="重复"), "zh", None, ["李四: 重复"], id="who did it and why"),
    ],
)
def test_the_desks_notices(message: DeskMessage, language: str, title: str | None, parts: list[str]) -> None:
    said = text_for(message, language=language, name_of=name_of)
    assert title in (None, said.title)
    assert all(part in said.body for part in parts), said.body
