"""Refused lines in the database, and what becomes of them when they are driven again."""

import json
from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from alerts import audit
from alerts.database import open_database, upgrade
from alerts.feed_tables import RedriveEventRow
from alerts.transition import Incomplete
from contracts.codec import encode
from contracts.feed import Acceptance, encode_line, packet_line, read_line
from emissions.beijing import BEIJING
from emissions.event import Mark
from emissions.finding import Rejected
from emissions.reading import Reading
from hj212.encode import message
from rulebook.loader import SHIPPED, load_rules
from rulebook.register import load_register
from stackwatch.batch import judge_feed
from tests.unit.ingest.town import MN, frame
from web.feed import FeedUnavailable
from web.quarantine_book import QuarantineBook, Refusal, Selection
from web.redriving import Redriver

NOW = datetime(2026, 11, 24, 12, tzinfo=BEIJING)
MINUTE = timedelta(minutes=1)
STRANGER = "99999999999999"


class Feed:
    """A feed that keeps what it is given, or is away."""

    def __init__(self):
        self.lines = []
        self.away = False

    async def put(self, lines):
        if self.away:
            raise FeedUnavailable("nobody answers")
        self.lines += [line for _, line in lines]


@pytest.fixture(scope="module")
def rules():
    return load_rules()


@pytest.fixture(scope="module")
def register():
    return load_register(SHIPPED / "registers" / "example")


@pytest.fixture
def engine(tmp_path):
    url = f"sqlite:///{tmp_path}/alerts.sqlite"
    upgrade(url)
    opened = open_database(url)
    yield opened
    opened.dispose()


@pytest.fixture
def book(engine):
    return QuarantineBook(engine)


@pytest.fixture
def feed():
    return Feed()


@pytest.fixture
def redriver(book, feed, register, rules):
    return Redriver(book, feed, register, Acceptance(register, rules.parameters), now=lambda: NOW)


def refused(reason, *, mn=MN, frame_bytes=None, minutes=0, line=None):
    """A line refused so many minutes after eleven o'clock."""
    received = NOW - timedelta(hours=1) + minutes * MINUTE
    sent = frame(mn=mn, at="20261124100000") if frame_bytes is None else frame_bytes
    text = encode_line(packet_line(received, mn, sent.rstrip(), "gw1")).decode() if line is None else line
    return Refusal(Rejected(reason=reason, mn=mn, received_at=received, line=text, detail=f"why {reason}"), received)


def fill(book, *refusals):
    book.follow(refusals, next_offset=(book.next_offset() or 0) + len(refusals))


async def test_a_line_of_a_logger_that_is_registered_now_goes_back_as_it_was_received(book, feed, redriver):
    fill(book, refused("unknown_mn"))
    done = await redriver.drive(Selection(reason="unknown_mn"), by="Li")
    (line,) = feed.lines
    assert (done.examined, done.accepted) == (1, 1)
    assert read_line(line).received_at == NOW - timedelta(hours=1)
    assert json.loads(line)["redriven"] == {"id": done.id, "at": "2026-11-24T12:00:00.000+08:00", "by": "Li"}
    (kept,) = book.page(Selection(state="driven"), limit=9).items
    assert (kept.driven_at, kept.driven_by) == (NOW, "Li")


async def test_a_line_that_is_still_wrong_stays_with_the_reason_of_now(book, feed, redriver):
    fill(book, refused("unknown_mn", frame_bytes=frame(at="20261124250000")))
    done = await redriver.drive(Selection(reason="unknown_mn"), by="Li")
    assert feed.lines == []
    assert done.refused == {"bad_datatime": 1}
    (kept,) = book.page(Selection(state="waiting"), limit=9).items
    assert (kept.reason, kept.times) == ("bad_datatime", 1)


async def test_a_dry_run_says_the_same_and_does_nothing(engine, book, feed, redriver):
    fill(book, refused("unknown_mn"), refused("unknown_mn", mn=STRANGER))
    before = book.page(Selection(), limit=9)
    done = await redriver.drive(Selection(reason="unknown_mn"), by="Li", dry_run=True)
    assert (done.accepted, done.refused) == (1, {"unknown_mn": 1})
    assert feed.lines == []
    assert book.page(Selection(), limit=9) == before
    with Session(engine) as session:
        assert session.query(RedriveEventRow).all() == []


@pytest.mark.parametrize(
    ("selection", "numbers"),
    [
        pytest.param(Selection(reason="crc"), [1], id="of one reason"),
        pytest.param(Selection(name=STRANGER), [2], id="of one logger"),
        pytest.param(Selection(start=NOW - 58 * MINUTE), [2, 3], id="from a moment on, itself included"),
        pytest.param(Selection(end=NOW - 58 * MINUTE), [0, 1], id="before a moment, itself left out"),
        pytest.param(Selection(start=NOW - 59 * MINUTE, end=NOW - 58 * MINUTE), [1], id="of one minute"),
        pytest.param(Selection(within=frozenset({MN})), [0, 1, 3], id="that somebody may see"),
        pytest.param(Selection(not_within=frozenset({MN})), [2], id="of loggers that nobody knows"),
        pytest.param(Selection(reason="unknown_mn", name=MN), [0, 3], id="of one reason and logger"),
        pytest.param(Selection(state="driven"), [], id="that are back in the feed"),
        pytest.param(Selection(ids=[]), [], id="none of them"),
        pytest.param(Selection(), [0, 1, 2, 3], id="all of them"),
    ],
)
def test_lines_are_found_by_reason_logger_and_time(book, selection, numbers):
    lines = [
        refused("unknown_mn"),
        refused("crc", minutes=1),
        refused("unknown_mn", mn=STRANGER, minutes=2),
        refused("unknown_mn", minutes=3),
    ]
    fill(book, *lines)
    page = book.page(selection, limit=9)
    assert [item.line for item in page.items] == [lines[number].rejected.line for number in reversed(numbers)]
    assert page.total == len(numbers) == sum(page.reasons.values())
    assert [item.line for item in book.oldest(selection, limit=9)] == [lines[n].rejected.line for n in numbers]


async def test_driving_twice_has_no_effect_twice(book, feed, redriver, register, rules):
    fill(book, *(refused("unknown_mn", minutes=n, frame_bytes=hour_frame(n)) for n in range(5)))
    await redriver.drive(Selection(reason="unknown_mn"), by="Li")
    once = list(feed.lines)
    again = await redriver.drive(Selection(reason="unknown_mn"), by="Li")
    assert again.examined == 0, "what is back is left out"
    ids = [item.id for item in book.page(Selection(), limit=9).items]
    forced = await redriver.drive(Selection(ids=ids), by="Wang")
    assert forced.accepted == 5, "unless somebody insists"
    assert len(feed.lines) == 10
    assert list(judge_feed(feed.lines, register, rules, as_of=NOW).messages(revisions=True)) == list(
        judge_feed(once, register, rules, as_of=NOW).messages(revisions=True)
    )


def hour_frame(number):
    values = {"a21026": {"Avg": f"{number}.5", "Flag": "N"}}
    at = f"202611240{number}0000"
    return message(qn=f"{at}000", st="31", cn="2061", mn=MN, flag=5, data_time=at, values=values)


async def test_lines_go_back_in_the_order_of_receipt_over_many_batches(book, feed, redriver, monkeypatch):
    monkeypatch.setattr("web.redriving.BATCH", 3)
    fill(book, *(refused("unknown_mn", minutes=n) for n in (4, 2, 0, 3, 1, 6, 5)))
    done = await redriver.drive(Selection(reason="unknown_mn"), by="Li", most=5)
    assert (done.examined, done.more) == (5, True)
    received = [read_line(line).received_at for line in feed.lines]
    assert received == [NOW - timedelta(hours=1) + n * MINUTE for n in range(5)]


async def test_what_kafka_does_not_take_waits_on(engine, book, feed, redriver):
    fill(book, refused("unknown_mn"))
    feed.away = True
    with pytest.raises(FeedUnavailable):
        await redriver.drive(Selection(reason="unknown_mn"), by="Li")
    assert book.page(Selection(state="waiting"), limit=9).total == 1
    feed.away = False
    assert (await redriver.drive(Selection(reason="unknown_mn"), by="Li")).accepted == 1


async def test_who_drove_what_is_in_the_audit_log(engine, book, redriver):
    fill(book, refused("unknown_mn"), refused("unknown_mn", mn=STRANGER))
    done = await redriver.drive(Selection(reason="unknown_mn", start=NOW - timedelta(hours=2)), by=" Li ")
    with Session(engine) as session:
        (line,) = session.query(RedriveEventRow).all()
        assert (line.subject_id, line.by, line.at) == (done.id, "Li", NOW)
        assert json.loads(line.detail) == {
            "selection": {"reason": "unknown_mn", "from": "2026-11-24T10:00:00+08:00"},
            "accepted": 1,
            "refused": {"unknown_mn": 1},
            "derived": 0,
        }
        assert audit.verify(session) == []


async def test_nobody_drives_lines_without_a_name(book, feed, redriver):
    fill(book, refused("unknown_mn"))
    with pytest.raises(Incomplete, match="name"):
        await redriver.drive(Selection(reason="unknown_mn"), by=" ")
    assert feed.lines == []


async def test_a_mark_goes_back_when_its_outlet_is_registered(book, feed, redriver, register):
    outlet = next(iter(register.outlets.values()))
    mark = Mark(
        id="m1", outlet=outlet.id, mn=outlet.mn, mark="fault", from_=NOW - 2 * MINUTE, to=NOW, entered_at=NOW, by="Li"
    )  # fmt: skip
    gone = encode(mark).decode().replace(f'"{outlet.id}"', '"gone"')
    fill(book, refused("unknown_outlet", line=encode(mark).decode()), refused("unknown_outlet", line=gone, minutes=1))
    done = await redriver.drive(Selection(reason="unknown_outlet"), by="Li")
    assert (done.accepted, done.refused) == (1, {"unknown_outlet": 1})
    assert read_line(feed.lines[0]) == mark


@pytest.mark.parametrize(
    ("line", "verdict"),
    [("not a line", "bad_line"), ('{"kind": "due"}', "bad_line"), ("\x00", "bad_line"), ("[" * 3000, "bad_line")],
    ids=["no JSON", "a field is missing", "a NUL", "nested without end"],
)
async def test_what_is_no_line_stays_and_stops_nothing(book, feed, redriver, line, verdict):
    fill(book, refused("bad_line", line=line), refused("bad_line", minutes=1))
    done = await redriver.drive(Selection(reason="bad_line"), by="Li")
    assert (done.accepted, done.refused) == (1, {verdict: 1})


async def test_a_line_that_only_follows_from_the_feed_is_left_to_a_rebuild(book, feed, redriver):
    reading = Reading(
        outlet="o", enterprise="e", county="c", cn="2061", at=NOW, received_at=NOW, numbers={}, flags={}
    )  # fmt: skip
    fill(book, refused("store_refused", line=encode(reading).decode()))
    done = await redriver.drive(Selection(reason="store_refused"), by="Li")
    assert (done.derived, feed.lines) == (1, [])


def test_a_refusal_told_twice_is_one_line_and_one_after_a_redrive_waits_again(book):
    first = refused("unknown_mn")
    fill(book, first)
    fill(book, first)
    (line,) = book.page(Selection(), limit=9).items
    assert line.times == 2
    book.driven([line.id], at=NOW, by="Li")
    fill(book, first)
    assert book.page(Selection(state="waiting"), limit=9).total == 0, "the old refusal once more"
    note = {"id": "r", "at": "2026-11-24T12:00:00.000+08:00", "by": "Li"}
    text = json.dumps({**json.loads(first.rejected.line), "redriven": note}, separators=(",", ":"), ensure_ascii=False)
    fill(book, Refusal(Rejected(reason="crc", mn=MN, received_at=None, line=text), NOW))
    (line,) = book.page(Selection(state="waiting"), limit=9).items
    assert line.reason == "crc"


def test_following_goes_on_where_the_database_stands_and_never_back(book):
    book.follow([refused("crc")], next_offset=7)
    book.follow([refused("crc", minutes=1)], next_offset=7)
    assert book.next_offset() == 7
    assert book.page(Selection(), limit=9).total == 1, "another process was faster"
    book.begin_anew()
    assert book.next_offset() is None


def test_a_line_that_the_topic_has_let_go_is_let_go_here(book):
    fill(book, refused("crc"))
    assert book.let_go(NOW + timedelta(days=399)) == 0
    assert book.let_go(NOW + timedelta(days=401)) == 1


@pytest.mark.parametrize(
    "received", [datetime(2026, 1, 1), datetime(1, 1, 1, tzinfo=BEIJING)], ids=["no zone", "before any calendar"]
)
def test_a_moment_that_cannot_be_kept_costs_only_itself(book, received):
    fill(book, Refusal(Rejected(reason="x\x00", mn="m", received_at=received, line="\x00\ud800", detail="\x00"), NOW))
    (kept,) = book.page(Selection(start=NOW, end=NOW + MINUTE), limit=9).items
    assert kept.received_at is None
