"""The grid is the one place that writes HTML itself: nothing in it may become markup."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.web import town
from web.pages.explain_asked import asked_of
from web.pages.hour_grid import grid_html
from web.views.explain import Counted
from web.wording import wording

HOUR = next(town.hours(town.register(), start=town.NOW.replace(day=9, hour=0, minute=0)))
NASTY = st.text(alphabet=st.sampled_from("<>\"'&ax=/ "), min_size=1)


@given(state=NASTY, reason=NASTY, subject=NASTY, pollutant=NASTY)
def test_no_text_leaves_its_attribute(state, reason, subject, pollutant):
    asked = asked_of({"id": subject, "reason": reason, "level": "outlet"}, home=("city", ""), now=town.NOW)
    one = Counted(hour=replace(HOUR, pollutant=pollutant), state=state, reason=reason)
    html = grid_html(wording("zh"), asked, [one])
    plain = grid_html(wording("zh"), asked, [Counted(hour=HOUR, state="valid", reason="ok")])
    for mark in '<>"':
        assert html.count(mark) == plain.count(mark)


def test_each_hour_stands_in_the_row_of_its_day():
    hours = [Counted(hour=hour, state=hour.state, reason=hour.reason) for hour in _day()]
    html = grid_html(wording("en"), asked_of({}, home=("city", "371500"), now=town.NOW), hours)
    assert html.count("<tr>") == 1 + 1
    assert html.count("<a ") == 24
    assert '<th scope="row">11-09</th>' in html


def _day():
    start = town.NOW.replace(day=9, hour=0, minute=0)
    until = town.NOW.replace(day=10, hour=1, minute=0)
    return [h for h in town.hours(town.register(), start=start, until=until) if h.outlet == "O371502-01"][::3]
