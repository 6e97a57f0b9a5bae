"""Who must have a monitor (R23)."""

import pytest

from emissions.coverage import CoverageRule, audit, grounds, missing, must_monitor
from emissions.register import Enterprise, Outlet, Register

RULE = CoverageRule(height_m=45.0, coal_categories=frozenset({"coal", "coal-new"}), industries=frozenset({"power"}))


@pytest.mark.parametrize(
    ("height_m", "category", "industry", "expected"),
    [
        pytest.param(45.0, "gas", "food", (), id="exactly 45 m is not higher than 45 m"),
        pytest.param(45.01, "gas", "food", ("height",), id="a hair above 45 m is"),
        pytest.param(None, "gas", "food", (), id="an unknown height is no ground"),
        pytest.param(10.0, "coal-new", "food", ("coal_boiler",), id="every coal boiler, however low"),
        pytest.param(10.0, "gas", "power", ("industry",), id="every outlet of a listed industry"),
        pytest.param(180.0, "coal", "power", ("height", "coal_boiler", "industry"), id="all grounds are named"),
        pytest.param(10.0, "charcoal", "powerful", (), id="a category or industry that only sounds alike is no ground"),
    ],
)
def test_grounds(height_m, category, industry, expected):
    assert grounds(height_m=height_m, category=category, industry=industry, rule=RULE) == expected
    assert must_monitor(height_m=height_m, category=category, industry=industry, rule=RULE) is bool(expected)


def test_a_lower_threshold_needs_no_code():
    low = CoverageRule(height_m=30.0)
    assert must_monitor(height_m=31.0, category="", industry="", rule=low)


def _register(**fields) -> Register:
    outlet = Outlet(
        **{
            "id": "O1",
            "enterprise": "E1",
            "county": "371502",
            "city": "371500",
            "name": "",
            "mn": "",
            "category": "coal",
            "standard": "",
            "height_m": 60.0,
        }
        | fields
    )
    enterprise = Enterprise(id="E1", name="", county="371502", industry="food")
    return Register(divisions={}, enterprises={"E1": enterprise}, outlets={outlet.id: outlet})


@pytest.mark.parametrize(
    ("fields", "senders", "expected"),
    [
        pytest.param({}, None, ("no_monitor", ("height", "coal_boiler")), id="must have one and has none"),
        pytest.param({"mn": "M1"}, None, None, id="has one, and nobody has looked at what it sends"),
        pytest.param({"mn": "M1"}, set(), ("never_sent", ("height", "coal_boiler")), id="has one that never sent"),
        pytest.param({"mn": "M1"}, {"O1"}, None, id="has one that sends"),
        pytest.param({}, {"O1"}, None, id="sends without a logger, as a JSON monitor"),
        pytest.param(
            {"must_monitor": False}, set(), ("exempted", ("height", "coal_boiler")), id="let off by the register"
        ),
        pytest.param(
            {"must_monitor": False, "height_m": 10.0, "category": "gas"}, set(), None, id="need not and has not"
        ),
        pytest.param(
            {"height_m": 10.0, "category": "gas"}, None, ("no_monitor", ("register",)), id="only the register wants one"
        ),
    ],
)
def test_audit(fields, senders, expected):
    gaps = audit(_register(**fields), RULE, senders=senders)
    assert [(gap.status, gap.grounds) for gap in gaps] == ([expected] if expected else [])
    assert len(missing(gaps)) == (1 if expected and expected[0] != "exempted" else 0)
