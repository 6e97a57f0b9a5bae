"""Poison, late data and wrong clocks, put into one running system on a set of engines."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from random import Random

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from alerts import audit
from alerts.database import open_database
from alerts.feed_tables import RedriveEventRow
from alerts.queries import Reader
from contracts.codec import encode
from contracts.topics import FINDINGS, HOURS, PACKETS, QUARANTINE, READINGS
from emissions.event import Due
from emissions.finding import Rejected
from emissions.register import Outlet
from hj212 import encode as hj212
from stackwatch.batch import Judged, judge_feed
from tests.faults.feed_place import HOUR, NOW, START, Place, frame, line_of, monitor, running

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
STRANGER = "99999999999999"


@dataclass(frozen=True)
class Poison:
    """Something that must not get through, nor hold up what comes behind it."""

    send: Callable[[Place, str], None]
    """Given the place and the MN of a registered logger."""
    reason: str
    marker: str
    """Stands in the refused line, and in no other."""


def mqtt(payload: bytes, topic: str = "hj212/{mn}/up") -> Callable[[Place, str], None]:
    return lambda place, mn: place.publish(topic.format(mn=mn), payload.replace(b"{mn}", mn.encode()))


def sent(make: Callable[[str], bytes]) -> Callable[[Place, str], None]:
    return lambda place, mn: place.publish(f"hj212/{mn}/up", make(mn))


def record(topic, value: bytes) -> Callable[[Place, str], None]:
    return lambda place, mn: place.produce(topic, value, name=mn)


def bundle(broken: bytes) -> Callable[[Place, str], None]:
    """A good line, a broken one and a good one in one message."""

    def send(place: Place, mn: str) -> None:
        good = [line_of(mn, START + hour * HOUR, NOW)[1] for hour in (90, 91)]
        place.produce(PACKETS, b"\n".join([good[0], broken, good[1]]), name=mn)

    return send


def spoilt(mn: str) -> bytes:
    whole = frame(mn, START + 80 * HOUR, "11.1").rstrip()
    return whole[:-4] + (b"0000" if whole[-4:] != b"0000" else b"1111") + b"\r\n"


def of_year(year: int) -> Callable[[str], bytes]:
    def made(mn: str) -> bytes:
        head = f"QN={year}0101000000000;ST=31;CN=2061;PW=123456;MN={mn};Flag=5"
        return hj212.frame(f"{head};CP=&&DataTime={year}0101000000;a21026-Avg=1&&".encode())

    return made


NESTED = b'{"kind":' * 5_000
READING = (
    '{"kind":"reading","outlet":"evil,outlet=x y=1 \\n","enterprise":"e","county":"c","cn":"2061",'
    '"at":"2026-11-20T00:00:00+08:00","received_at":"2026-11-20T00:00:00+08:00","numbers":{"a21026-Avg":1},"flags":{}}'
)
UNUSABLE = (
    '{"kind":"finding","id":"f1","rule":"hourly_exceedance","subject":{"outlet":"E01-1"},"from":"2026-11-20T00:00:00+08:00",'
    '"to":null,"severity":"unheard_of","county":"371502","known_at":"2026-11-20T00:00:00+08:00","evidence":{}}'
)

POISONS = [
    pytest.param(
        Poison(mqtt(b"{", "cems/E01-1/readings"), "bad_header_field", '"body":"{"'), id="JSON that ends early"
    ),
    pytest.param(
        Poison(mqtt(NESTED, "cems/E01-1/readings"), "bad_header_field", r"{\"kind\":{\"kind\":"),
        id="JSON nested without end",
    ),
    pytest.param(
        Poison(mqtt(b'{"values": NaN}', "cems/E01-1/readings"), "bad_header_field", "NaN}"), id="JSON with a NaN in it"
    ),
    pytest.param(
        Poison(
            mqtt(monitor({}, data_time="0001-01-01T00:00:00+14:00"), "cems/E01-1/readings"), "bad_datatime", "0001-01"
        ),
        id="JSON from the year 1",
    ),
    pytest.param(
        Poison(mqtt(monitor({}), 'cems/evil,outlet="x"=y/readings'), "unknown_mn", "evil,outlet"),
        id="an outlet whose name is line protocol",
    ),
    pytest.param(Poison(sent(spoilt), "crc", "11.1"), id="a frame whose checksum is wrong"),
    pytest.param(Poison(mqtt(b"##" + b"x" * 10**6), "length_mismatch", "x" * 100), id="a megabyte"),
    pytest.param(Poison(mqtt(b"\x00\xff garbage"), "no_header", "garbage"), id="bytes that are no frame"),
    pytest.param(Poison(sent(of_year(1970)), "datatime_too_old", "19700101"), id="a frame from 1970"),
    pytest.param(Poison(sent(of_year(2099)), "datatime_ahead", "20990101"), id="a frame from 2099"),
    pytest.param(
        Poison(mqtt(frame(STRANGER, START), f"hj212/{STRANGER}/up"), "unknown_mn", STRANGER), id="a logger nobody knows"
    ),
    pytest.param(
        Poison(mqtt(frame(STRANGER, START + HOUR)), "mn_mismatch", STRANGER),
        id="a frame of another logger than logged in",
    ),
    pytest.param(
        Poison(mqtt(frame(STRANGER, START + 2 * HOUR), 'hj212/a,b="c"d=1/up'), "mn_mismatch", "a,b="),
        id="a login whose name is line protocol",
    ),
    pytest.param(Poison(bundle(b'{"kind":"packet","middle":1}'), "bad_line", "middle"), id="a broken line in a bundle"),
    pytest.param(Poison(bundle(b"\xff\xfe middling"), "bad_line", "middling"), id="a line in a bundle that is no text"),
    pytest.param(Poison(record(PACKETS, b"[" * 20_000), "bad_line", "[" * 99), id="a feed line nested without end"),
    pytest.param(
        Poison(record(PACKETS, encode(Due(outlet="nobody", mn="", hour=START))), "unknown_outlet", "nobody"),
        id="a roll call of an outlet nobody knows",
    ),
    pytest.param(
        Poison(
            record(PACKETS, b'{"kind":"due","outlet":"E01-1","mn":"","hour":"9999-12-31T23:59:59-12:00"}'),
            "bad_line",
            "9999",
        ),
        id="a roll call at the end of the calendar",
    ),
    pytest.param(
        Poison(record(HOURS, b'{"kind":"hour","bad":1}'), "bad_line", '"bad":1'), id="an hour without its fields"
    ),
    pytest.param(
        Poison(record(READINGS, READING.encode()), "store_refused", "evil,outlet"), id="a reading no store takes"
    ),
    pytest.param(Poison(record(READINGS, b"no reading"), "bad_line", "no reading"), id="a reading that is no JSON"),
    pytest.param(Poison(record(FINDINGS, b"no finding"), "undecodable", "no finding"), id="a finding that is no JSON"),
    pytest.param(Poison(record(FINDINGS, UNUSABLE.encode()), "unusable", "unheard_of"), id="a severity nobody knows"),
]


class FeedSuite:
    """What is put into one running system."""

    ENGINES: str

    @pytest.fixture(scope="class")
    @classmethod
    def place(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
        with running(cls.ENGINES, tmp_path_factory.mktemp(cls.ENGINES)) as place:
            yield place

    @pytest.fixture(scope="class")
    @classmethod
    def poisoned(cls, place: Place) -> Place:
        """Each poison with a good packet right behind it, hour by hour of the first outlet."""
        outlet = place.outlets[0]
        for number, param in enumerate(POISONS):
            param.values[0].send(place, outlet.mn)
            place.publish(f"hj212/{outlet.mn}/up", frame(outlet.mn, START + number * HOUR, f"{number}.25"))
        return place

    @pytest.mark.parametrize(("number", "poison"), [
        pytest.param(number, *param.values, id=param.id) for number, param in enumerate(POISONS)
    ])  # fmt: skip
    def test_poison_is_put_aside_with_its_reason_and_the_next_packet_is_judged(self, poisoned, number, poison):
        place, hour = poisoned, START + number * HOUR
        place.until(lambda: place.hour(place.outlets[0].id, hour) is not None, "the next packet is judged")
        judged = place.hour(place.outlets[0].id, hour)
        assert (judged.state, judged.raw_mg_m3) == ("valid", number + 0.25)

        def found() -> list[Rejected]:
            return [line for line in place.refused() if line.reason == poison.reason and poison.marker in line.line]

        place.until(found, f"{poison.reason} in quarantine")
        assert all(line.detail for line in found())

    def test_both_neighbours_of_a_broken_line_are_judged(self, poisoned):
        for hour in (90, 91):
            poisoned.until(lambda at=hour: poisoned.hour(poisoned.outlets[0].id, START + at * HOUR), "its neighbour")

    @pytest.mark.parametrize("value", ["NaN", "Inf", "-inf", "1e999", "--"])
    def test_a_value_that_is_no_number_costs_itself_and_never_the_packet(self, place, value):
        outlet, hour = place.outlets[1], START + len(value) * HOUR + ord(value[0]) * HOUR
        codes = ("a21026",)
        spoilt = frame(outlet.mn, hour, value, codes=codes)
        place.publish(f"hj212/{outlet.mn}/up", spoilt)
        place.until(lambda: place.hour(outlet.id, hour), "the hour is judged")
        judged = place.hour(outlet.id, hour)
        assert (judged.state, judged.reason) == ("invalid", "no_value")

    def test_codes_that_are_line_protocol_change_nothing_beside_them(self, place):
        outlet, at = place.outlets[1], START + 7 * MINUTE
        body = (
            f"QN=20261124100000123;ST=31;CN=2011;PW=123456;MN={outlet.mn};Flag=5;CP=&&DataTime={at:%Y%m%d%H%M%S};"
            'a21026-Rtd=12.4,a21026-Flag=N;x,cn=2061 y-Rtd=2;a b"c\\-Rtd=3;e\treading,outlet=evil f-Rtd=4&&'
        )
        place.publish(f"hj212/{outlet.mn}/up", hj212.frame(body.encode()))

        def stored():
            return place.store.readings(outlet.id, cn="2011", start=at, end=at + MINUTE)

        place.until(stored, "the reading is stored")
        (reading,) = stored()
        assert reading.numbers["a21026-Rtd"] == 12.4
        assert set(reading.numbers) <= {"a21026-Rtd", 'a b"c\\-Rtd', "cn=2061 y-Rtd"}
        assert place.store.readings("evil", cn="2011", start=START, end=NOW) == []

    def test_a_device_with_a_wrong_clock_costs_nobody_but_itself(self, place):
        honest, ahead, behind = place.outlets[0], place.outlets[4], place.outlets[3]
        hour = NOW - 3 * HOUR
        place.publish(f"hj212/{ahead.mn}/up", frame(ahead.mn, hour + DAY, "1.5"))
        place.publish(f"hj212/{behind.mn}/up", frame(behind.mn, hour - 8 * HOUR, "2.5"))
        place.publish(f"hj212/{honest.mn}/up", frame(honest.mn, hour, "3.5"))
        place.until(lambda: place.hour(honest.id, hour), "the honest device is judged")
        assert place.hour(honest.id, hour).verdict == "within"
        place.until(lambda: place.hour(behind.id, hour - 8 * HOUR), "what is 8 h behind is judged in the hour it names")
        assert not place.hour(behind.id, hour - 8 * HOUR).in_time, "and counts late"
        place.until(
            lambda: [r for r in place.refused() if (r.mn, r.reason) == (ahead.mn, "datatime_ahead")], "what is ahead"
        )
        assert place.hour(ahead.id, hour + DAY) is None

    def test_lines_refused_by_mistake_are_driven_again_and_count_as_they_were_received(self, place):
        outlet, hours = place.outlets[1], [START + n * HOUR for n in range(3)]
        received = [hour + 65 * MINUTE for hour in hours]
        lines = [line_of(outlet.mn, hour, at, "9.5")[1].decode() for hour, at in zip(hours, received, strict=True)]
        wrong = line_of(STRANGER, hours[0], received[0])[1].decode()
        for line, at in [*zip(lines, received, strict=True), (wrong, received[0])]:
            mn = STRANGER if line is wrong else outlet.mn
            refused = Rejected(reason="unknown_mn", mn=mn, received_at=at, line=line, detail="an old register")
            place.produce(QUARANTINE, encode(refused), name=mn)

        done = place.stackwatch(
            "redrive", "--reason", "unknown_mn", "--from", hours[0].isoformat(), "--by", "Li", "--json"
        )
        assert done.returncode == 1, "what is still wrong is told by the exit code as well"
        told = json.loads(done.stdout)
        assert (told["accepted"], told["refused"]) == (3, {"unknown_mn": told["examined"] - 3})
        for hour in hours:
            place.until(lambda at=hour: (known := place.hour(outlet.id, at)) and known.raw_mg_m3, "the hour is judged")
            assert place.hour(outlet.id, hour).in_time, "as if it had never been refused"

        first = next(item["id"] for item in told["items"] if item["verdict"] == "accepted")
        again = place.stackwatch("redrive", "--id", first, "--by", "Li")
        assert again.stdout == "lines examined: 1, of which 1 are back in the feed\n"
        later = START + 3 * HOUR
        place.feed([line_of(outlet.mn, later, later + 65 * MINUTE)])
        place.until(lambda: place.hour(outlet.id, later), "what comes behind it")
        assert [place.hour(outlet.id, hour).revision for hour in hours] == [0, 0, 0], "nothing has an effect twice"
        database = open_database(place.engines.database)
        with Session(database) as session:
            assert [line.by for line in session.scalars(select(RedriveEventRow))] == ["Li", "Li"]
        with Session(database) as session:
            assert audit.verify(session) == []
        database.dispose()

    @pytest.fixture(scope="class")
    @classmethod
    def late(cls, place: Place) -> tuple[Place, Outlet, Judged]:
        """Late data of one outlet in the feed, and what the oracle says of them."""
        outlet = place.outlets[2]
        lines = late_lines(outlet)
        place.feed(lines)
        return place, outlet, judge_feed([line for _, line in lines], place.register, place.rules)

    def test_late_data_end_in_the_oracles_figures(self, late):
        place, outlet, judged = late
        wanted = {key: hour for key, hour in judged.hours.items() if key[1] == outlet.id}

        def stored():
            found = place.store.hours(start=START - 40 * DAY, end=NOW, outlet=outlet.id)
            return {(hour.hour, hour.outlet, hour.pollutant): hour for hour in found}

        place.until(lambda: stored() == wanted, "the hours are the oracle's")
        rates = {key: rate for key, rate in judged.rates.items() if key[:2] == ("outlet", outlet.id)}
        place.until(
            lambda: {(r.level, r.id, r.window, r.period, r.track): r for r in place.store.rates(id=outlet.id)} == rates,
            "the rates are the oracle's",
        )
        assert max(hour.revision for hour in wanted.values()) > 0, "revisions are counted"
        assert {hour.in_time for hour in wanted.values()} == {True, False}

    def test_late_data_raise_each_breach_once(self, late):
        place, outlet, judged = late
        breaches = {
            finding.id: finding
            for finding in judged.findings.values()
            if finding.rule == "hourly_exceedance" and finding.subject["outlet"] == outlet.id
        }
        assert len(breaches) > 2
        alerts = Reader(open_database(place.engines.database))

        def known():
            found = [alert for alert in alerts.alerts(limit=1000) if alert.subject.get("outlet") == outlet.id]
            return {alert.id: alert.known_at for alert in found if alert.rule == "hourly_exceedance"}

        last = {id_: finding.known_at for id_, finding in breaches.items()}
        place.until(lambda: known() == last, "an alert for each breach, as it is known at last")
        for id_ in breaches:
            names = [event.name for event in alerts.timeline(id_)]
            assert names.count("raised") == 1
            assert "reopened" not in names
        alerts.engine.dispose()


def late_lines(outlet: Outlet) -> list[tuple[str, bytes]]:
    """Two days of an outlet 32 days ago and now: in time, 1 h, 1 day and 31 days late, shuffled, three times."""
    lines = []
    for day in (START - 32 * DAY, START):
        for n in range(24):
            hour = day + n * HOUR
            value = "400.0" if n in {5, 6, 15} else "4.5"
            late = (timedelta(0), HOUR, DAY, 31 * DAY)[n % 4]
            received = hour + 65 * MINUTE + (late if hour + late < NOW - DAY else timedelta(0))
            lines.append((received, line_of(outlet.mn, hour, received, value)))
            lines.append((hour + 2 * HOUR, (outlet.mn, encode(Due(outlet=outlet.id, mn=outlet.mn, hour=hour)))))
            if n % 8 == 3:
                lines.append((received + HOUR, line_of(outlet.mn, hour, received + HOUR, "401.0")))
    order = sorted(lines, key=lambda pair: pair[0])
    shuffled = [line for _, line in order if b'"packet"' in line[1]]
    Random(4).shuffle(shuffled)
    return [line for _, line in order] + shuffled + shuffled
