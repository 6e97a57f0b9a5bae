from dataclasses import replace

import pytest

from alerts.routing import Alerting, Channel, Recorded, Routes, Unroutable, for_alert, for_case, route
from tests.unit.alerts.scene import exceedance

ROUTES = Routes()


@pytest.mark.parametrize(
    ("rule", "severity", "decision"),
    [
        pytest.param("hourly_exceedance", "severe", Alerting, id="a severe exceedance calls somebody"),
        pytest.param("hourly_exceedance", "warning", Alerting, id="so does a mild one"),
        pytest.param("rate_below_90", "warning", Alerting, id="the live warning of a county"),
        pytest.param("several_exceeding", "severe", Alerting, id="several enterprises over the limit"),
        pytest.param("not_connected", "warning", Alerting, id="an outlet that never sent"),
        pytest.param("a_rule_of_tomorrow", "warning", Alerting, id="a rule nobody has heard of: rather once too often"),
        pytest.param("hourly_exceedance", "info", Recorded, id="what is for information is recorded"),
        pytest.param("no_limit", "severe", Recorded, id="what is about the books is recorded"),
        pytest.param("hourly_exceedance", "terrible", Unroutable, id="an unknown severity cannot be routed"),
    ],
)
def test_route(rule: str, severity: str, decision: type) -> None:
    assert isinstance(route(replace(exceedance(), rule=rule, severity=severity), ROUTES), decision)


def channel(**fields) -> Channel:
    return Channel(name="c", notifier="webhook", url="http://user:secret@example.org", **fields)


@pytest.mark.parametrize(
    ("fields", "reached"),
    [
        pytest.param({}, True, id="a channel without wishes gets all"),
        pytest.param({"counties": ["371502"]}, True, id="its county"),
        pytest.param({"counties": ["371503"]}, False, id="not another's"),
        pytest.param({"levels": ["county_head"]}, False, id="the head is not called for what the inspector has"),
        pytest.param({"levels": ["county_inspector"]}, True, id="the inspector is"),
        pytest.param({"rules": ["silence"]}, False, id="another rule"),
        pytest.param({"minimum_severity": "severe"}, False, id="not severe enough"),
        pytest.param({"minimum_severity": "info"}, True, id="severe enough"),
    ],
)
def test_channels_of_an_alert(fields: dict, reached: bool) -> None:
    given = channel(**fields)
    found = for_alert([given], county="371502", level="county_inspector", rule="hourly_exceedance", severity="warning")
    assert found == ([given] if reached else [])


def test_channels_of_a_case() -> None:
    everything, none, other = channel(), channel(cases=False), channel(counties=["371503"])
    assert for_case([everything, none, other], county="371502") == [everything]


def test_an_address_does_not_show() -> None:
    assert "secret" not in repr(channel())
