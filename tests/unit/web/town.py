"""An invented city with data up to a fixed afternoon: small for tests, large for looking at the pages."""

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta

from contracts.feed import MonitorLine, PacketLine, packet_line
from emissions.account import AccountHour
from emissions.beijing import BEIJING, HOUR, midnight
from emissions.finding import Case, Finding, finding_id
from emissions.hourly import Hour
from emissions.periods import day_after, first_day, period_of
from emissions.reading import Reading
from emissions.register import Division, Enterprise, Outlet, Register
from emissions.rules import LimitRow, Rules
from emissions.tally import Tally, add_up
from emissions.transmission import TRACKS, WINDOWS, Rate, rate_of
from hj212.encode import message
from hj212.moments import qn_of, text_of

NOW = datetime(2026, 11, 10, 14, 20, tzinfo=BEIJING)
POLLUTANTS = ("a34013", "a21026", "a21002")
LIMITS = {"a34013": 5.0, "a21026": 35.0, "a21002": 50.0}
LEVELS = {"a34013": 2.4, "a21026": 18.0, "a21002": 38.0}
CITY = "371500"
NO_OUTLETS = "3715-DJ"
HOSTILE = "<img src=x onerror=alert(1)>"

COUNTIES = (
    ("371502", "东昌府区"),
    ("371503", "茌平区"),
    ("371521", "阳谷县"),
    ("371522", "莘县"),
    ("371524", "东阿县"),
    ("371525", "冠县"),
    ("371526", "高唐县"),
    ("371581", "临清市"),
    ("3715-JK", "市经开区"),
    ("3715-GX", "市高新区"),
    (NO_OUTLETS, "市度假区"),
)
SHARES = (14, 30, 6, 5, 10, 4, 8, 9, 6, 5)


def register(*, shares: tuple[int, ...] = (2, 1), hostile: bool = True) -> Register:
    """The city with so many outlets in its first counties, two to an enterprise. The first name may be hostile."""
    divisions = {CITY: Division(code=CITY, name="聊城市", parent="")}
    divisions |= {code: Division(code=code, name=name, parent=CITY) for code, name in COUNTIES}
    enterprises: dict[str, Enterprise] = {}
    outlets: dict[str, Outlet] = {}
    for (county, name), count in zip(COUNTIES, shares, strict=False):
        for number in range(count):
            enterprise = f"E{county}-{number // 2 + 1}"
            first = hostile and not enterprises
            enterprises.setdefault(
                enterprise,
                Enterprise(
                    id=enterprise,
                    name=HOSTILE if first else f"{name[:2]}示例热电{number // 2 + 1}号",
                    county=county,
                    industry="power",
                ),
            )
            id_ = f"O{county}-{number + 1:02}"
            outlets[id_] = Outlet(
                id=id_,
                enterprise=enterprise,
                county=county,
                city=CITY,
                name=HOSTILE if first else f"{number + 1}号机组排口",
                mn=f"MN{county.replace('-', '')}{number + 1:04}",
                category="coal",
                standard="DB37-664-2019",
                height_m=120.0,
                reference_o2_pct=6.0,
                pollutants=POLLUTANTS,
                permits_mg_m3={},
                connected_from=midnight(first_day("month", "2026-11")),
            )
    return Register(divisions=divisions, enterprises=enterprises, outlets=outlets)


def rules() -> Rules:
    """The limits that the hours were judged by."""
    standard, category = "DB37-664-2019", "coal"
    rows = {
        pollutant: LimitRow(
            standard=standard,
            category=category,
            pollutant=pollutant,
            limit_mg_m3=limit,
            reference_o2_pct=6.0,
            valid_from=date(2020, 1, 1),
            valid_to=None,
            clause="town",
        )
        for pollutant, limit in LIMITS.items()
    }
    return Rules(limits={(standard, category, pollutant): (row,) for pollutant, row in rows.items()})


def hours(town: Register, *, start: datetime, until: datetime = NOW) -> Iterator[Hour]:
    """Judged hours of all outlets that had been called at ``until``."""
    for number, outlet in enumerate(town.outlets.values()):
        hour = start
        while hour + 2 * HOUR <= until:
            for pollutant in outlet.pollutants:
                yield _hour(outlet, number, pollutant, hour)
            hour += HOUR


def _hour(outlet: Outlet, number: int, pollutant: str, hour: datetime) -> Hour:
    tick = int(hour.timestamp()) // 3600
    state, reason, rule = "valid", "ok", "R7.8"
    late = tick % 37 == number % 37
    if (outlet.county == COUNTIES[2][0] and tick % 8 == 0) or (tick + 5 * number) % 61 == 0:
        state, reason, rule = "missing", "not_received", "R7.2"
    elif (tick + number) % 24 == 9:
        state, reason, rule = "invalid", "flag_C", "R7.4"
    elif (tick // 24 + number) % 9 == 3 and tick % 24 < 5:
        state, reason, rule = "excluded", "stopped", "R7.1"
    wave = math.sin(tick / 3.7 + number) + 0.6 * math.sin(tick / 1.3 + 2 * number)
    converted = round(LEVELS[pollutant] * (1 + 0.16 * wave), 2)
    peak = pollutant == "a21026" and number % 7 == 0 and (tick + 3 * number) % 53 in {0, 1}
    if peak:
        converted = round(LIMITS[pollutant] * 1.18, 2)
    valid, sent = state == "valid", state in {"valid", "invalid"}
    exceeded = valid and converted > LIMITS[pollutant]
    received = hour + HOUR + timedelta(minutes=3, seconds=number % 50)
    in_time_state, in_time_reason = (state, reason)
    if sent and late:
        received, in_time_state, in_time_reason = hour + 5 * HOUR, "missing", "not_received"
    return Hour(
        outlet=outlet.id,
        pollutant=pollutant,
        hour=hour,
        state=state,
        reason=reason,
        in_time=in_time_state != "missing",
        in_time_state=in_time_state,
        in_time_reason=in_time_reason,
        raw_mg_m3=round(converted * 1.03, 2) if sent else None,
        converted_mg_m3=converted if sent else None,
        limit_mg_m3=LIMITS[pollutant],
        verdict=("exceeded" if exceeded else "within") if valid else "not_judged",
        revision=int(sent and late),
        cause="late_data" if sent and late else None,
        known_at=received,
        enterprise=outlet.enterprise,
        county=outlet.county,
        city=outlet.city,
        evidence={
            "rule": rule,
            "verdict_reason": "not_valid" if not valid else "over_limit" if exceeded else "within_limit",
        }
        | {"limit_source": "DB37-664-2019 coal: table 2"}
        | ({"flag": "C"} if state == "invalid" else {})
        | (
            {
                "qn": f"{received:%Y%m%d%H%M%S}123",
                "received_at": received.isoformat(),
                "o2_pct": 5.7,
                "reference_o2_pct": 6.0,
            }
            if sent
            else {}
        ),
    )


def rates(judged: list[Hour], *, until: datetime = NOW) -> list[Rate]:
    """The rates of every level, window, period and track that these hours give."""
    as_of = until.replace(minute=0, second=0, microsecond=0)
    counts: dict[tuple[str, str, str, str, str], Counter[str]] = {}
    for hour in judged:
        subjects = (
            ("outlet", hour.outlet),
            ("enterprise", hour.enterprise),
            ("county", hour.county),
            ("city", hour.city),
        )
        for window in WINDOWS:
            period = period_of(hour.hour.date(), window)
            for track in TRACKS:
                state = hour.in_time_state if track == "in_time" else hour.state
                for level, id_ in subjects:
                    counts.setdefault((level, id_, window, period, track), Counter())[state] += 1
    county_of = {hour.outlet: hour.county for hour in judged} | {hour.enterprise: hour.county for hour in judged}
    return [
        rate_of(
            add_up([_tally(states)]),
            level=level,
            id=id_,
            window=window,
            period=period,
            track=track,
            as_of=as_of,
            settled=False,
            county="" if level == "city" else county_of.get(id_, id_),
            city=CITY,
        )
        for (level, id_, window, period, track), states in counts.items()
        if day_after(window, period) is not None
    ]


def _tally(states: Counter[str]) -> Tally:
    return Tally(
        due=states.total(),
        excluded=states["excluded"],
        received=states["valid"] + states["invalid"],
        valid=states["valid"],
    )


def readings(outlet: Outlet, *, until: datetime = NOW) -> Iterator[Reading]:
    """Real-time data of the last half hour, minute data of the last hours, and the last hour's packet."""
    for cn, suffix, step, count in (("2011", "Rtd", 60, 30), ("2051", "Avg", 600, 12), ("2061", "Avg", 3600, 6)):
        newest = int(until.timestamp()) // step * step - (step if cn != "2011" else 0)
        for index in range(count):
            at = datetime.fromtimestamp(newest - index * step, BEIJING)
            numbers: dict[str, float] = {}
            flags: dict[str, str] = {}
            for pollutant in outlet.pollutants:
                value = round(LEVELS[pollutant] * (1 + 0.1 * math.sin(index / 2)), 2)
                numbers |= {f"{pollutant}-{suffix}": value, f"{pollutant}-Zs{suffix}": round(value * 0.97, 2)}
                flags[f"{pollutant}-Flag"] = "N"
            for factor, value in (
                ("a19001", 5.69),
                ("a01011", 11.82),
                ("a01012", 51.3),
                ("a01013", -0.085),
                ("a01014", 11.9),
                ("a00000", 258.4),
            ):
                numbers[f"{factor}-{suffix}"] = value
                flags[f"{factor}-Flag"] = "C" if factor == "a19001" and index == 0 and cn == "2051" else "N"
            yield Reading(
                outlet=outlet.id,
                enterprise=outlet.enterprise,
                county=outlet.county,
                cn=cn,
                at=at,
                received_at=at + timedelta(seconds=step if cn != "2011" else 2),
                numbers=numbers,
                flags=flags,
            )


def hour_packets(judged: Iterable[Hour]) -> list[Reading]:
    """The 2061 packets that the judged hours rest on."""
    numbers: dict[tuple[str, datetime], dict[str, float]] = {}
    first: dict[tuple[str, datetime], Hour] = {}
    for hour in judged:
        if hour.raw_mg_m3 is None or hour.converted_mg_m3 is None:
            continue
        key = hour.outlet, hour.hour
        first.setdefault(key, hour)
        numbers.setdefault(key, {"a19001-Avg": 5.7})
        numbers[key] |= {f"{hour.pollutant}-Avg": hour.raw_mg_m3, f"{hour.pollutant}-ZsAvg": hour.converted_mg_m3}
    return [
        Reading(
            outlet=hour.outlet,
            enterprise=hour.enterprise,
            county=hour.county,
            cn="2061",
            at=hour.hour,
            received_at=datetime.fromisoformat(hour.evidence["received_at"]),
            numbers=numbers[key],
            flags={f"{code}-Flag": str(hour.evidence.get("flag", "N")) for code in (*POLLUTANTS, "a19001")},
        )
        for key, hour in first.items()
    ]


class TownPackets:
    """The feed, as far as it holds these readings: each one frame."""

    def __init__(self, town: Register, told: Iterable[Reading]) -> None:
        self._by_mn = town.by_mn()
        self._readings: dict[str, list[Reading]] = {}
        for reading in told:
            self._readings.setdefault(reading.outlet, []).append(reading)

    async def find(self, name: str, *, since: datetime, until: datetime) -> list[PacketLine | MonitorLine]:
        """The frames of one logger."""
        outlet = self._by_mn.get(name)
        return [
            packet_line(reading.received_at, name, frame(outlet, reading), "gw1")
            for reading in (self._readings.get(outlet.id, []) if outlet is not None else ())
            if outlet is not None and since <= reading.received_at <= until
        ]

    async def close(self) -> None:
        """Nothing to let go of."""


def accounts(town: Register, *, until: datetime = NOW) -> Iterator[AccountHour]:
    """Thirty hours of the conservation account: a hole at the second outlet, the last hour not closed."""
    last = until.replace(minute=0, second=0) - 2 * HOUR
    for number, outlet in enumerate(town.outlets.values()):
        for back in range(30):
            lost = number == 1 and back == 5
            relayed = 124 - number % 3
            yield AccountHour(
                outlet=outlet.id,
                enterprise=outlet.enterprise,
                county=outlet.county,
                hour=last - back * HOUR,
                published=relayed + back % 2,
                relayed=relayed,
                quarantined=back % 2,
                judged=relayed - lost,
                heartbeats=12,
                without_values=1,
                refused=0,
                stored=None if back == 0 else relayed - 13 - lost,
                missing=int(lost),
                gaps=({"stage": "judging", "series": "gw1/4f2a90c1d7e3", "first": 8317, "last": 8317},) if lost else (),
                as_of=last - (back - 2) * HOUR,
            )


def frame(outlet: Outlet, reading: Reading) -> bytes:
    """The frame that gives a reading."""
    values: dict[str, dict[str, str]] = {}
    for key, value in {**reading.numbers, **reading.flags}.items():
        factor, _, suffix = key.rpartition("-")
        values.setdefault(factor, {})[suffix] = str(value)
    return message(
        qn=qn_of(reading.received_at),
        st="31",
        cn=reading.cn,
        mn=outlet.mn,
        flag=5,
        data_time=text_of(reading.at),
        values=values,
    )


def findings(judged: list[Hour]) -> list[Finding]:
    """One finding for every exceeded hour, and one for the county below the line."""
    found = [
        Finding(
            id=finding_id("hourly_exceedance", hour.outlet, hour.pollutant, hour.hour.isoformat()),
            rule="hourly_exceedance",
            subject={"outlet": hour.outlet},
            from_=hour.hour,
            to=hour.hour + 2 * HOUR,
            severity="severe" if (hour.converted_mg_m3 or 0) > 2 * (hour.limit_mg_m3 or 1) else "warning",
            county=hour.county,
            known_at=hour.known_at,
            evidence={
                "rule": "R9",
                "enterprise": hour.enterprise,
                "pollutant": hour.pollutant,
                "hours": [
                    {
                        "hour": hour.hour.isoformat(),
                        "converted_mg_m3": hour.converted_mg_m3,
                        "limit_mg_m3": hour.limit_mg_m3,
                    }
                ],
                "peak_mg_m3": hour.converted_mg_m3,
                "peak_multiple": 1.18,
            },
        )
        for hour in judged
        if hour.verdict == "exceeded"
    ]
    county = COUNTIES[2][0]
    found.append(
        Finding(
            id=finding_id("rate_below_90", county, "2026-11"),
            rule="rate_below_90",
            subject={"county": county},
            from_=datetime(2026, 11, 2, 2, tzinfo=BEIJING),
            to=None,
            severity="severe",
            county=county,
            known_at=datetime(2026, 11, 2, 2, tzinfo=BEIJING),
            evidence={"period": "2026-11", "effective_pct": 84.4, "valid": 1650, "expected": 1954},
        )
    )
    return sorted(found, key=lambda finding: finding.known_at)


def cases() -> list[Case]:
    """Grounds for supervision of one county in October."""
    opened = datetime(2026, 11, 5, tzinfo=BEIJING)
    evidence = {
        "opened_at": opened.isoformat(),
        "effective_pct": 86.12,
        "valid": 1861,
        "expected": 2161,
        "settled": True,
    }
    return [
        Case(
            id=finding_id("case", COUNTIES[2][0], "rate", "2026-10"),
            county=COUNTIES[2][0],
            trigger="rate",
            opened_at=opened,
            period="2026-10",
            evidence={"periods": {"2026-10": evidence | {"period": "2026-10"}}},
        )
    ]
