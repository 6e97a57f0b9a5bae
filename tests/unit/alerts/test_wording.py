from dataclasses import replace
from typing import Any

import pytest

from alerts.messages import AlertMessage, CaseMessage
from alerts.wording import text_for
from tests.unit.alerts.scene import COUNTY, HOUR, T0, exceedance


def alert_message(**changes: Any) -> AlertMessage:
    message = AlertMessage(
        event_id="f1:1",
        event="raised",
        at=T0,
        by="data",
        reason="finding of rule hourly_exceedance",
        detail={},
        hash="0",
        id="f1",
        county=COUNTY,
        rule="hourly_exceedance",
        subject={"outlet": "o1"},
        subject_name="示例热电 1号排放口",
        severity="severe",
        level="county_inspector",
        state="raised",
        deadline=T0 + HOUR,
        from_=T0,
        to=None,
        evidence=exceedance(2).evidence,
    )
    return replace(message, **changes)


RATE = {
    "period": "2026-11",
    "settled": False,
    "effective_pct": 88.456,
    "valid": 885,
    "expected": 1000,
    "outlets": {"o1": {}, "o2": {}},
}
SEVERAL = {"period": "2026-11", "enterprises": {"e1": {}, "e2": {}, "e3": {}}}
STOPPED = {"mark": "m1", "by": "王五", "hours": {"2026-11-24T10:00:00+08:00": {}}}


@pytest.mark.parametrize(
    ("language", "parts"),
    [
        pytest.param(
            "zh",
            [
                "严重",
                "小时均值超标",
                "示例热电",
                "二氧化硫",
                "超标 2 小时",
                "11-24 11:00",
                "41.00 mg/m³",
                "限值 35",
                "11:00",
            ],
            id="in Chinese",
        ),
        pytest.param(
            "en",
            [
                "severe",
                "hourly mean over the limit",
                "示例热电",
                "SO2",
                "2 hours",
                "41.00 mg/m³",
                "limit 35",
                "act before",
            ],
            id="in English",
        ),
    ],
)
def test_an_exceedance_says_outlet_pollutant_hour_value_and_limit(language: str, parts: list[str]) -> None:
    text = text_for(alert_message(), language=language)
    for part in parts:
        assert part in text.title + text.body


@pytest.mark.parametrize(
    ("rule", "evidence", "zh", "en"),
    [
        pytest.param("rate_below_90", RATE, "88.46%（即时口径", "88.46 % (in time", id="the live warning"),
        pytest.param(
            "rate_below_90",
            {**RATE, "settled": True, "lifted_by_late_data": True, "now": {"effective_pct": 91.0}},
            "补传后升至 91.00%",
            "late data lifted it to 91.00 %",
            id="a settled month that late data lifted",
        ),
        pytest.param(
            "rate_below_90",
            {**RATE, "at_end": {"effective_pct": 90.0}},
            "回升至 90.00%",
            "back at 90.00 %",
            id="it ends",
        ),
        pytest.param("rate_below_90", RATE, "低于 90% 的排放口：o1, o2", "below 90 %: o1, o2", id="which outlets"),
        pytest.param("several_exceeding", SEVERAL, "3 家企业", "3 enterprises", id="several enterprises"),
        pytest.param("not_connected", {"mn": "A1"}, "设备标识 A1", "MN A1", id="an outlet that never sent"),
        pytest.param("not_connected", {"mn": ""}, "设备标识 –", "MN –", id="an outlet without a logger"),
        pytest.param("stopped_but_running", STOPPED, "1 小时，标记人 王五", "marked by 王五", id="a stop mark"),
        pytest.param("early_warning", {"pollutant": "a21002"}, "氮氧化物", "NOx", id="an early warning"),
        pytest.param(
            "early_warning",
            {
                "because": "mean",
                "pollutant": "a21026",
                "hour": T0.isoformat(),
                "last_mg_m3": 41.25,
                "forecast_mg_m3": 38.4,
                "limit_mg_m3": 35.0,
            },
            "按此推算小时均值 38.40 mg/m³，限值 35 mg/m³",
            "the hour would come to 38.40 mg/m³, limit 35 mg/m³",
            id="an early warning with its forecast",
        ),
        pytest.param(
            "silence",
            {"mn": "MN1", "allowed_minutes": 30.0},
            "超过 30 分钟没有数据",
            "nothing for more than 30 minutes",
            id="an outlet is silent",
        ),
        pytest.param(
            "suspected_limit_hugging",
            {"pollutant": "a21026", "valid_hours": 72, "just_under": 70, "limit_mg_m3": 35.0},
            "有效小时 72，其中紧贴限值 70，限值 mg/m³ 35",
            "valid hours 72, of them just under the limit 70, limit mg/m³ 35",
            id="hugging the limit, with its numbers",
        ),
        pytest.param(
            "suspected_constant",
            {"value": "12.30", "hours": 7},
            "恒定值 12.30，持续小时 7",
            "value 12.30, hours 7",
            id="a constant value, as it was sent",
        ),
        pytest.param(
            "suspected_twin_curves",
            {"outlets": ["o1", "o2"], "hours": 24},
            "涉及排放口：o1, o2",
            "outlets: o1, o2",
            id="two outlets with one curve",
        ),
        pytest.param("silence", {"outlets": ["o1"]}, "o1", "silent outlets: o1", id="silence"),
        pytest.param("suspected_constant", {"hours": 6}, "疑似", "suspected", id="never more than suspected"),
        pytest.param("a_rule_of_tomorrow", {"x": 1}, "a_rule_of_tomorrow", "a_rule_of_tomorrow", id="an unknown rule"),
    ],
)
def test_each_rule_has_its_words(rule: str, evidence: dict[str, Any], zh: str, en: str) -> None:
    message = alert_message(rule=rule, evidence=evidence)
    for language, part in (("zh", zh), ("en", en)):
        text = text_for(message, language=language)
        assert part in text.title + text.body


@pytest.mark.parametrize("evidence", [{}, {"hours": 3}, {"pollutant": None, "hours": None}, {"enterprises": 1}])
@pytest.mark.parametrize("rule", ["hourly_exceedance", "rate_below_90", "several_exceeding", "stopped_but_running"])
def test_words_never_hold_up_an_alert(rule: str, evidence: dict[str, Any]) -> None:
    assert "见系统页面" in text_for(alert_message(rule=rule, evidence=evidence), language="zh").body


def test_many_outlets_are_counted() -> None:
    message = alert_message(rule="rate_below_90", evidence={**RATE, "outlets": {f"o{n}": {} for n in range(40)}})
    body = text_for(message, language="en").body
    assert "o11 and 28 more" in body
    assert "o12" not in body


def test_outlets_and_enterprises_go_by_their_names() -> None:
    names = {"o1": "示例热电 1号炉", "e3": "第三热力"}
    for rule, evidence, name in (
        ("rate_below_90", RATE, "示例热电 1号炉, o2"),
        ("several_exceeding", SEVERAL, "e2, 第三热力"),
    ):
        message = alert_message(rule=rule, evidence=evidence)
        assert name in text_for(message, language="zh", name_of=lambda code: names.get(code, code)).body


def test_a_person_is_named_and_a_machine_is_not() -> None:
    closed = alert_message(event="closed", by="李四", reason="现场已核实", deadline=None)
    assert "李四: 现场已核实" in text_for(closed, language="zh").body
    assert "data" not in text_for(alert_message(), language="zh").body


def test_a_case_says_what_each_month_adds_and_what_it_has_come_to() -> None:
    message = CaseMessage(
        event_id="c:1",
        event="escalated",
        at=T0,
        by="clock",
        reason="",
        detail={},
        hash="0",
        id="c",
        county=COUNTY,
        county_name="东昌府区",
        trigger="rate",
        opened_at=T0,
        measure="interview",
        state="rectifying",
        deadline=T0,
        evidence={"2026-10": {**RATE, "settled": True}, "2026-11": {}},
    )
    text = text_for(message, language="zh")
    assert "东昌府区" in text.title
    assert "88.46%（补全口径，已结算）" in text.body
    assert "约谈" in text.body
    assert "2026-11:\n  依据见系统页面" in text.body
    assert "several enterprises" in text_for(replace(message, trigger="exceeding"), language="en").title
