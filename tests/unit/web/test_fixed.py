"""Fixed pieces are HTML that the pages write themselves: nothing that comes from data may become markup in them."""

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.web import town
from web.pages.explain_asked import asked_of
from web.pages.fixed import anchor, fixed

NASTY = st.text(alphabet=st.sampled_from("<>\"'&;ax=/ #"))


class Reader(HTMLParser):
    """What a browser makes of a piece: tags with their attributes, and texts."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.said = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.said += data


@given(content=NASTY, classes=NASTY, title=NASTY, href=NASTY)
def test_texts_and_attributes_are_read_as_they_were_given(content, classes, title, href):
    piece = fixed("td", [anchor(href, content, title=title), fixed("span", content, classes or "note")], data_at=title)
    read = Reader(piece)
    assert read.said == content * 2
    assert read.tags == [
        ("td", {"data-at": title}),
        ("a", {"href": href, "title": title}),
        ("span", {"class": classes or "note"}),
    ]


def test_a_piece_within_a_piece_is_not_escaped_again():
    assert fixed("b", fixed("i", "a & b")) == "<b><i>a &amp; b</i></b>"


@given(subject=NASTY, reason=NASTY, pollutant=NASTY)
def test_the_address_of_an_hour_in_two_parts_is_the_whole_address(subject, reason, pollutant):
    asked = asked_of({"id": subject, "reason": reason, "level": "outlet"}, home=("city", "c"), now=town.NOW)
    before, after = asked.around_hour(pollutant)
    assert f"{before}2026-11-10T13{after}" == asked.address(hour="2026-11-10T13", pollutant=pollutant)
