"""Marks are listed, and one that the feed did not take waits to be sent again."""

import pytest

from emissions.beijing import HOUR
from tests.unit.web import town
from web.marking import MarkRefused, NotYetInFeed, enter, mark_of, revoke, send_again


def wanted(sources, **changes):
    given = {
        "outlet": "O371502-01",
        "kind": "maintenance",
        "start": town.NOW - 3 * HOUR,
        "end": town.NOW - HOUR,
        "by": "王五 (wang)",
        "note": "zero check",
    }
    return mark_of(sources, **(given | changes))


async def test_a_mark_is_listed_stands_and_stands_no_more_when_it_is_taken_back(sources, feed):
    entry, fresh = await enter(sources, wanted(sources))
    assert fresh
    assert [one.mark for one in sources.marks.listed()] == [entry.mark]
    span = {"start": town.NOW - 2 * HOUR, "end": town.NOW}
    assert sources.marks.standing("O371502-01", **span) == [entry.mark]
    assert sources.marks.standing("O371502-01", start=town.NOW - HOUR, end=town.NOW) == []
    assert sources.marks.standing("O371502-02", **span) == []
    back = await revoke(sources, entry, by="李四 (li)", note="wrong outlet")
    assert back.revocation.by == "李四 (li)"
    assert sources.marks.standing("O371502-01", **span) == []
    assert [line.revoked for line in feed.sent] == [False, True]
    await revoke(sources, back, by="somebody else", note="again")
    assert len(feed.sent) == 2


async def test_who_sees_some_outlets_sees_only_their_marks(sources):
    await enter(sources, wanted(sources))
    await enter(sources, wanted(sources, outlet="O371503-01"))
    narrowed = sources.seen_by("371503")
    assert [one.mark.outlet for one in narrowed.marks.listed()] == ["O371503-01"]
    assert narrowed.marks.listed(outlet="O371502-01") == []


async def test_a_feed_that_is_away_keeps_the_mark_waiting(sources, feed):
    feed.away = True
    with pytest.raises(NotYetInFeed) as refused:
        await enter(sources, wanted(sources))
    waiting = sources.marks.find(refused.value.mark_id)
    assert not waiting.in_feed
    feed.away = False
    await send_again(sources, waiting)
    assert sources.marks.find(waiting.mark.id).in_feed
    await send_again(sources, sources.marks.find(waiting.mark.id))
    assert len(feed.sent) == 1


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        pytest.param({"outlet": "nobody"}, "outlet", id="no such outlet"),
        pytest.param({"kind": "holiday"}, "kind", id="no such kind"),
        pytest.param({"end": town.NOW - 3 * HOUR}, "span", id="it ends where it begins"),
        pytest.param({"start": town.NOW - 400 * 24 * HOUR}, "too_far", id="more than a year ago"),
    ],
)
def test_what_cannot_be_a_mark_is_named(sources, changes, why):
    with pytest.raises(MarkRefused) as refused:
        wanted(sources, **changes)
    assert refused.value.why == why


async def test_an_id_is_used_once(sources):
    await enter(sources, wanted(sources, mark_id="m1"))
    _, fresh = await enter(sources, wanted(sources, mark_id="m1"))
    assert not fresh
    with pytest.raises(MarkRefused) as refused:
        await enter(sources, wanted(sources, mark_id="m1", kind="fault"))
    assert refused.value.why == "id_taken"


async def test_the_interface_lists_marks(client, sources):
    await enter(sources, wanted(sources))
    reply = await client.get("/api/v1/marks", params={"outlet": "O371502-01"})
    assert [item["mark"]["note"] for item in reply.json()["items"]] == ["zero check"]
