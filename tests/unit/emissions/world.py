"""A small world to judge in: outlets with their memories, a county above them, and short ways to say what happens."""

from dataclasses import replace
from datetime import date, datetime, timedelta

from emissions.beijing import BEIJING
from emissions.event import Due, Mark, Packet
from emissions.finding import Finding
from emissions.hourly import Hour
from emissions.memory import OutletMemory
from emissions.outlet import Seen, fold
from emissions.register import Outlet
from emissions.rules import LimitRow, Parameters, Rules
from emissions.supervision import County, CountyMemory
from emissions.supervision import flush as flush_county
from emissions.supervision import fold as fold_county
from emissions.transmission import Called, Rate

PM, SO2, NOX = "a34013", "a21026", "a21002"
HOUR = timedelta(hours=1)


def at(text: str) -> datetime:
    """``2026-11-24 10:00`` in Beijing time; seconds may follow."""
    return datetime.fromisoformat(text).replace(tzinfo=BEIJING)


H = at("2026-11-24 10:00")
"""The hour most tests are about."""


def limit(pollutant: str, value: float, **fields: object) -> LimitRow:
    row = LimitRow(
        standard="S",
        category="coal",
        pollutant=pollutant,
        limit_mg_m3=value,
        reference_o2_pct=6.0,
        valid_from=date(2015, 1, 1),
        valid_to=None,
        clause="table 1",
    )
    return replace(row, **fields)


def rules(*rows: LimitRow, version: str = "v1", **parameters: object) -> Rules:
    table: dict[tuple[str, str, str], tuple[LimitRow, ...]] = {}
    for row in rows or (limit(PM, 10.0), limit(SO2, 35.0), limit(NOX, 50.0)):
        key = (row.standard, row.category, row.pollutant)
        table[key] = (*table.get(key, ()), row)
    return Rules(parameters=Parameters(**parameters), limits=table, version=version)


def outlet(name: str = "O1", **fields: object) -> Outlet:
    plain = Outlet(
        id=name,
        enterprise="E1",
        county="371502",
        city="371500",
        name=name,
        mn=f"MN-{name}",
        category="coal",
        standard="S",
        height_m=120.0,
        pollutants=(SO2,),
        minute_interval=10,
        connected_from=at("2026-11-01 00:00"),
    )
    return replace(plain, **fields)


class Stack:
    """One outlet and all that has been published about it."""

    def __init__(self, plain: Outlet | None = None, given: Rules | None = None) -> None:
        self.outlet = plain or outlet()
        self.rules = given or rules()
        self.memory = OutletMemory()
        self.said: list[Hour | Rate | Called | Finding] = []

    def tell(self, event: Packet | Due | Mark | Seen) -> list[Hour | Rate | Called | Finding]:
        said = fold(self.memory, event, outlet=self.outlet, rules=self.rules)
        self.said += said
        return said

    def hour_data(
        self,
        hour: datetime = H,
        *,
        received: datetime | None = None,
        pollutant: str = SO2,
        avg: str | None = "12.0",
        zs: str | None = "12.0",
        flag: str | None = "N",
        o2: str | None = "6.0",
        flow: str | None = None,
        qn: str = "",
    ) -> list[Hour | Rate | Called | Finding]:
        """A 2061 packet, five minutes after the hour's end unless told otherwise."""
        sent = {"Avg": avg, "ZsAvg": zs, "Flag": flag}
        values = {pollutant: {k: v for k, v in sent.items() if v is not None}}
        if o2 is not None:
            values["a19001"] = {"Avg": o2, "Flag": "N"}
        if flow is not None:
            values["a00000"] = {"Avg": flow}
        return self.packet("2061", hour, received or hour + timedelta(minutes=65), values, qn=qn)

    def minute_data(
        self,
        start: datetime,
        *,
        received: datetime | None = None,
        pollutant: str = SO2,
        flag: str | None = "N",
        value: str = "12.0",
        suffix: str = "Avg",
    ) -> list[Hour | Rate | Called | Finding]:
        """A 2051 packet."""
        values = {pollutant: {suffix: value} | ({"Flag": flag} if flag is not None else {})}
        return self.packet("2051", start, received or start + timedelta(minutes=11), values)

    def packet(
        self, cn: str, when: datetime | None, received: datetime, values: dict[str, dict[str, str]], qn: str = ""
    ) -> list[Hour | Rate | Called | Finding]:
        return self.tell(
            Packet(
                outlet=self.outlet.id,
                mn=self.outlet.mn,
                received_at=received,
                cn=cn,
                data_time=when,
                values=values,
                qn=qn,
            )
        )

    def call(self, hour: datetime = H) -> list[Hour | Rate | Called | Finding]:
        return self.tell(Due(outlet=self.outlet.id, mn=self.outlet.mn, hour=hour))

    def mark(
        self,
        kind: str,
        start: datetime,
        end: datetime,
        *,
        entered: datetime | None = None,
        name: str = "m1",
        revoked: bool = False,
    ) -> list[Hour | Rate | Called | Finding]:
        return self.tell(
            Mark(
                id=name,
                outlet=self.outlet.id,
                mn=self.outlet.mn,
                mark=kind,
                from_=start,
                to=end,
                entered_at=entered or end,
                by="operator",
                revoked=revoked,
            )
        )

    def hour(self, hour: datetime = H, pollutant: str = SO2) -> Hour | None:
        """Last revision of the hour."""
        found = [h for h in self.said if isinstance(h, Hour) and h.hour == hour and h.pollutant == pollutant]
        return found[-1] if found else None

    def rate(self, window: str = "day", track: str = "completed", period: str | None = None) -> Rate | None:
        found = [
            r
            for r in self.said
            if isinstance(r, Rate) and r.window == window and r.track == track and period in {None, r.period}
        ]
        return found[-1] if found else None

    def findings(self, rule: str) -> list[Finding]:
        """Last word on each finding of the rule, in the order of the first word."""
        found = {f.id: f for f in self.said if isinstance(f, Finding) and f.rule == rule}
        return list(found.values())


class Watched:
    """A county above stacks, fed with all that they say."""

    def __init__(self, *stacks: Stack, code: str = "371502") -> None:
        self.stacks = {s.outlet.id: s for s in stacks}
        self.county = County(code=code, city="371500", outlets={s.outlet.id: s.outlet for s in stacks})
        self.rules = stacks[0].rules
        self.memory = CountyMemory()
        self.said: list[object] = []
        self._read = dict.fromkeys(self.stacks, 0)

    def catch_up(self, *names: str) -> list[object]:
        """Let the county read what the stacks have said since."""
        said: list[object] = []
        for name in names or self.stacks:
            lines = self.stacks[name].said[self._read[name] :]
            self._read[name] += len(lines)
            for line in lines:
                if not isinstance(line, Finding):
                    said += fold_county(self.memory, line, county=self.county, rules=self.rules)
        self.said += said
        return said

    def flush(self) -> list[object]:
        said = flush_county(self.memory, county=self.county, rules=self.rules)
        self.said += said
        return list(said)

    def findings(self, rule: str) -> list[Finding]:
        found = {f.id: f for f in self.said if isinstance(f, Finding) and f.rule == rule}
        return list(found.values())

    def rate(self, level: str, name: str, window: str, track: str = "completed", period: str | None = None) -> Rate:
        found = [
            r
            for r in self.said
            if isinstance(r, Rate)
            and (r.level, r.id, r.window, r.track) == (level, name, window, track)
            and period in {None, r.period}
        ]
        return found[-1]
