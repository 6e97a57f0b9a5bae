"""Each version of a finding or a case is newer than the one before, also where it says what was said before."""

from dataclasses import replace
from datetime import timedelta

from emissions.beijing import HOUR
from emissions.finding import Case, Finding, give_revisions, unnumbered
from emissions.memory import Head
from tests.unit.emissions.test_supervision import exceeding
from tests.unit.emissions.world import H, Stack, outlet, rules

FINDING = Finding(
    id="f", rule="no_limit", subject={"outlet": "O1"}, from_=H, to=None, severity="info", county="1", known_at=H
)
MS = round(H.timestamp() * 1000)


def test_the_moment_counts_and_within_one_moment_the_order():
    head, outputs = Head(), [FINDING, "no finding", FINDING]
    give_revisions(outputs, head, H)
    assert [outputs[0].revision, outputs[1], outputs[2].revision] == [MS, "no finding", MS + 1]
    assert head.revision == MS + 1


def test_a_moment_that_lies_before_the_last_one_still_gives_a_greater_one():
    head, earlier = Head(revision=MS), [FINDING]
    give_revisions(earlier, head, H - HOUR)
    assert earlier[0].revision == MS + 1


def test_an_exceedance_that_late_data_take_back_and_bring_again():
    stack = Stack(outlet("O1"), rules())
    for n, value in enumerate(["40", "4", "40"]):
        stack.hour_data(avg=value, zs=value, received=H + HOUR + timedelta(minutes=5 + n))
    versions = [f for f in stack.said if isinstance(f, Finding) and f.rule == "hourly_exceedance"]
    assert [len(f.evidence["hours"]) for f in versions] == [1, 0, 1]
    assert [f.revision for f in versions] == sorted({f.revision for f in versions})
    assert all(f.revision >= f.known_at.timestamp() * 1000 for f in versions)


def test_what_a_county_says_of_a_value_that_is_changed_and_changed_back():
    stacks, county = exceeding("E1", "E2", "E3")
    for stack in stacks.values():
        stack.hour_data(avg="40", zs="40")
    county.catch_up()
    for n, value in enumerate(["50", "40"]):
        stacks["E2"].hour_data(avg=value, zs=value, received=H + (6 + n) * HOUR)
    county.catch_up()
    first, between, last = [f for f in county.said if isinstance(f, Finding) and f.rule == "several_exceeding"]
    assert unnumbered(last) == unnumbered(first) != unnumbered(between)
    assert first.revision < between.revision < last.revision
    cases = [c for c in county.said if isinstance(c, Case)]
    assert unnumbered(cases[2]) == unnumbered(cases[0]) != unnumbered(cases[1])
    assert [c.revision for c in cases] == sorted({c.revision for c in cases})


def test_state_of_the_version_before_has_no_revision_and_goes_on_from_the_moment():
    head = replace(Head(), revision=0)
    outputs = [FINDING]
    give_revisions(outputs, head, H)
    assert outputs[0].revision == MS
