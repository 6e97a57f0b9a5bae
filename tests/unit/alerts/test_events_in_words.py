"""What time lines say beyond the names of events."""

import pytest

from alerts.events_in_words import detail_in_words
from alerts.wording import EVENTS
from tests.unit.alerts.scene import T0

DUE = T0.isoformat()


@pytest.mark.parametrize(
    ("name", "detail", "zh", "en"),
    [
        pytest.param(
            "worsened", {"severity": "severe", "was": "warning"}, "警告 → 严重", "warning → severe", id="worse"
        ),
        pytest.param("eased", {"severity": "info", "was": "warning"}, "警告 → 提示", "warning → info", id="better"),
        pytest.param(
            "escalated",
            {"deadline": DUE, "from": "county_inspector", "to": "county_head"},
            "县级监察员 → 县级负责人，原时限 2026-11-24 10:00",
            "county inspector → county head, was due 2026-11-24 10:00",
            id="an alert goes up",
        ),
        pytest.param(
            "escalated",
            {"deadline": DUE, "from": "none", "to": "preliminary_notice"},
            "无 → 预警通知，原时限 2026-11-24 10:00",
            "none → preliminary notice, was due 2026-11-24 10:00",
            id="a case brings a measure",
        ),
        pytest.param("reminded", {"deadline": DUE}, "原时限 2026-11-24 10:00", "was due 2026-11-24 10:00", id="again"),
        pytest.param(
            "acknowledgement_expired",
            {"deadline": DUE},
            "原时限 2026-11-24 10:00",
            "was due 2026-11-24 10:00",
            id="gone",
        ),
        pytest.param("ended", {"to": DUE}, "数据至 2026-11-24 10:00", "in the data until 2026-11-24 10:00", id="over"),
        pytest.param(
            "verified",
            {"violation": True, "cause": "c"},
            "属实，原因：故障",
            "a violation, cause: fault",
            id="verified",
        ),
        pytest.param("assigned", {"to": "王五", "was": ""}, "王五", "王五", id="named"),
        pytest.param("assigned", {"to": "王五", "was": "张三"}, "张三 → 王五", "张三 → 王五", id="relieved"),
        pytest.param("attached", {"name": "a.png", "size": 12345}, "a.png (12 kB)", "a.png (12 kB)", id="a file"),
        pytest.param("evidence_joined", {"period": "2026-11"}, "2026-11", "2026-11", id="a month"),
        pytest.param(
            "evidence_updated",
            {"period": "2026-11", "lifted_by_late_data": True},
            "2026-11，补传后回升至线上，督办不因此撤销",
            "2026-11, late data lifted it over the line; it stays open",
            id="late data",
        ),
        pytest.param("returned", {"times": 2}, "第 2 次退回", "returned 2 ×", id="sent back"),
        pytest.param("ordered", {"due_at": DUE}, "须于 2026-11-24 10:00 前完成", "due 2026-11-24 10:00", id="ordered"),
        pytest.param("proposed", {"step": "daily_fine"}, "按日计罚", "fine by the day", id="a step"),
    ],
)
def test_detail(name: str, detail: dict[str, object], zh: str, en: str) -> None:
    assert name in EVENTS
    assert detail_in_words(name, detail, causes={"c": ("故障", "fault")}) == (zh, en)


@pytest.mark.parametrize(
    ("name", "detail"),
    [
        pytest.param("grew", {}, id="nothing more to say"),
        pytest.param("nobody knows", {"x": 1}, id="an event of tomorrow"),
        pytest.param("escalated", {"to": "x"}, id="a detail that lacks something"),
        pytest.param("returned", {"times": "often"}, id="a detail of another shape"),
    ],
)
def test_nothing_is_said_of_what_nobody_understands(name: str, detail: dict[str, object]) -> None:
    assert detail_in_words(name, detail) is None
