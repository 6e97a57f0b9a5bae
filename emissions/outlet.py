"""The fold of one outlet: packets, roll calls and marks in; hours, rates and findings out (R5 to R13, R18).

``fold`` changes the memory it is given and returns what is to be published. Nothing else is read: no clock, no I/O. The
tracks are told apart by when a value was received, not by where it stands in the feed.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from emissions import early_warning, outlet_findings, outlet_rates, silence, suspicion
from emissions.beijing import BEIJING, HOUR, hour_of, midnight, to_beijing
from emissions.event import Due, Mark, Packet
from emissions.finding import Finding, give_revisions
from emissions.hourly import Hour
from emissions.marks import HourMarks, hours_of, marks_of_hour, put
from emissions.memory import Cell, HourMemory, Minutes, OutletMemory, Published
from emissions.number import number
from emissions.register import Outlet
from emissions.rollcall import is_due
from emissions.rules import LimitRow, Parameters, Rules
from emissions.trace import trace_of
from emissions.transmission import Called, Rate
from emissions.validity import FLOW, OXYGEN, Assessment, assess, flag_of
from emissions.verdict import Verdict, judge_hour, limit_of

Output = Hour | Rate | Called | Finding

_SUFFIXES = ("Avg", "ZsAvg", "Flag")
"""What of a 2061 value a decision may rest on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Anything else that shows that the outlet's logger is there, such as a heartbeat."""

    received_at: datetime


def fold(memory: OutletMemory, event: Packet | Due | Mark | Seen, *, outlet: Outlet, rules: Rules) -> list[Output]:
    """Take in one event of the outlet's feed and say what follows from it.

    Args:
        memory: What is known of the outlet; changed in place, and ``memory.touched`` names the days to be written.
        event: The next line of the outlet's feed.
        outlet: The outlet as registered.
        rules: Parameters and limits.
    """
    at = _moment(event, rules.parameters)
    work = _Work(memory, outlet, rules)
    if memory.head.rules_version not in {None, rules.version}:
        work.reassess_all()
    memory.head.rules_version = rules.version
    match event:
        case Packet():
            work.packet(event)
        case Due():
            work.due(event)
        case Mark():
            work.mark(event)
        case Seen():
            work.seen(event.received_at)
    work.rates_of_changed_hours()
    give_revisions(work.outputs, memory.head, at)
    return work.outputs


def _moment(event: Packet | Due | Mark | Seen, parameters: Parameters) -> datetime:
    """When the event became part of the feed."""
    match event:
        case Due():
            return event.hour + parameters.in_time
        case Mark():
            return event.entered_at
    return event.received_at


class _Work:
    """One step of the fold: collects outputs and which hours changed."""

    def __init__(self, memory: OutletMemory, outlet: Outlet, rules: Rules) -> None:
        self.memory = memory
        self.head = memory.head
        self.outlet = outlet
        self.rules = rules
        self.parameters = rules.parameters
        self.outputs: list[Output] = []
        self.changed: dict[datetime, None] = {}
        """Called hours of which something new was said, in the order of saying."""

    # -- events ---------------------------------------------------------------------------------------------------

    def packet(self, packet: Packet) -> None:
        self.seen(packet.received_at, packet.cn)
        self.outputs += early_warning.on_sample(self.head, packet, outlet=self.outlet, rules=self.rules)
        self.outputs += suspicion.of_sample(self.head, packet, self.outlet, self.parameters)
        if packet.data_time is None:
            return
        if packet.cn == "2061":
            self._hour_packet(packet, hour_of(packet.data_time))
        elif packet.cn == "2051":
            self._minute_packet(packet, packet.data_time)

    def seen(self, received_at: datetime, cn: str | None = None) -> None:
        """The outlet has been heard of: hours that were called before and not connected stay so, later ones do not."""
        ended = silence.heard(self.head, self.outlet, received_at, cn, parameters=self.parameters)
        if ended is not None:
            self.outputs.append(ended)
        at, first = received_at.timestamp(), self.head.first_received
        if first is not None and first <= at:
            return
        self.head.first_received = at
        # What overtook this packet in the feed was judged as if nothing had come from the outlet.
        until = self.head.called_until if first is None else first - self.parameters.in_time.total_seconds()
        hour = hour_of(received_at - self.parameters.in_time)
        while until is not None and hour.timestamp() <= until:
            self._publish(hour, known_at=received_at, cause="connected")
            hour += HOUR
        if self.head.not_connected_from is None:
            return
        self.outputs.append(outlet_findings.not_connected(self.head, self.outlet, known_at=received_at))

    def due(self, due: Due) -> None:
        hour = hour_of(due.hour)
        called_at = hour + self.parameters.in_time
        if not is_due(self.outlet, hour):
            return  # the register has changed since, or the call was made by another one
        memory = self.memory.change(hour)
        if memory.called:
            return
        memory.called = True
        before, at = self.head.called_until, hour.timestamp()
        self.head.called_until = at if before is None else max(before, at)
        self._publish(hour, known_at=called_at, cause="roll_call")
        if not self._connected(hour) and self.head.not_connected_from is None:
            self.head.not_connected_from = at
            self.outputs.append(outlet_findings.not_connected(self.head, self.outlet, known_at=called_at))
        self.changed.clear()  # the roll call publishes the rates of the hour in any case
        outlet_rates.recount(self.memory, self.outlet, hour)
        self.outputs += outlet_rates.after_call(self.head, self.outlet, hour, before=before, parameters=self.parameters)
        self.outputs.append(
            Called(
                outlet=self.outlet.id,
                enterprise=self.outlet.enterprise,
                county=self.outlet.county,
                city=self.outlet.city,
                hour=hour,
            )
        )

    def mark(self, mark: Mark) -> None:
        mark = replace(
            mark, from_=to_beijing(mark.from_), to=to_beijing(mark.to), entered_at=to_beijing(mark.entered_at)
        )
        old = put(self.head.marks, mark)
        new = self.head.marks[mark.id]
        if new == old:
            return
        spans = [m for m in (old, new) if m is not None]
        if any(m.mark == "accident" for m in spans):
            # The year's budget is spent in the order of the hours: a change here may touch any of them.
            years = {hour.year for m in spans for hour in hours_of(m)}
            spans += [m for m in self.head.marks.values() if m.mark == "accident" and {m.from_.year, m.to.year} & years]
        final = mark.entered_at - self.parameters.too_old  # as for packets (R3): what lies before is not touched again
        hours = sorted({hour for m in spans for hour in hours_of(m) if hour >= final})
        cause = "mark_revoked" if new.revoked else "mark"
        for hour in hours:
            self._publish(hour, known_at=mark.entered_at, cause=cause)

    def reassess_all(self) -> None:
        """Judge every known hour that may still change again, since the rules have changed (R10)."""
        dates = sorted(self.head.counts.keys() | self.memory.days.keys())
        final = date.fromisoformat(dates[-1]) - self.parameters.too_old if dates else None
        for name in dates:
            if final is not None and date.fromisoformat(name) < final:
                continue
            day = self.memory.day(name)
            for index in sorted(day.hours if day is not None else ()):
                hour = midnight(date.fromisoformat(name)) + timedelta(hours=index)
                self._publish(hour, known_at=hour + self.parameters.in_time, cause="rules")

    # -- taking in values -----------------------------------------------------------------------------------------

    def _hour_packet(self, packet: Packet, hour: datetime) -> None:
        memory = self.memory.change(hour)
        judged = {p for p, last in memory.published.items() if last.state != "missing"}
        was_called = memory.called
        revised = False
        for factor, suffixes in packet.values.items():
            wanted = factor in self.outlet.pollutants or factor in {OXYGEN, FLOW}
            if not wanted:
                continue
            self._put(memory, f"{factor}-", "", packet, hour)
            known = memory.values.get(f"{factor}-Avg")
            if known is None or known.text != suffixes.get("Avg"):
                odd = suspicion.contradiction(packet, factor, hour, self.outlet)
                self.outputs += [odd] if odd is not None and factor in self.outlet.pollutants else []
            for suffix in _SUFFIXES:
                if (text := suffixes.get(suffix)) is None:
                    continue
                key = f"{factor}-{suffix}"
                old = self._put(memory, key, text, packet, hour)
                if old is not None and (factor in judged or (factor == OXYGEN and judged)):
                    revised = True
                    memory.revisions.append((key, old, text, packet.received_at.timestamp()))
                    self.outputs.append(
                        outlet_findings.revised(memory, self.outlet, hour, factor, known_at=packet.received_at)
                    )
        cause = "revised_value" if revised else "late_data" if was_called else "more_data"
        self._publish(hour, known_at=packet.received_at, cause=cause)

    def _put(self, memory: HourMemory, key: str, text: str, packet: Packet, hour: datetime) -> str | None:
        """Enter one value; gives back the older text where this is a revision of it (R5)."""
        received = packet.received_at.timestamp()
        punctual = packet.received_at <= hour + self.parameters.in_time
        cell = memory.values.get(key)
        if cell is None:
            memory.values[key] = Cell(
                text=text,
                received=received,
                qn=packet.qn,
                in_time=text if punctual else None,
                in_time_received=received if punctual else 0.0,
            )
            return None
        if punctual and (cell.in_time is None or received >= cell.in_time_received):
            cell.in_time, cell.in_time_received = text, received
        if cell.text == text and not key.endswith("-"):
            self.head.duplicates += 1
        if received < cell.received:
            return None
        old, cell.text, cell.received, cell.qn = cell.text, text, received, packet.qn
        return old if old != text else None

    def _minute_packet(self, packet: Packet, at: datetime) -> None:
        hour = hour_of(at)
        memory = self.memory.change(hour)
        received = packet.received_at.timestamp()
        punctual = packet.received_at <= hour + self.parameters.in_time
        if memory.minutes_from is None or received < memory.minutes_from:
            memory.minutes_from = received
        for factor, suffixes in packet.values.items():
            if factor not in self.outlet.pollutants:
                continue
            flag = flag_of(suffixes.get("Flag"))
            value = number(suffixes.get("Avg", suffixes.get("Rtd")))
            valid = flag == "N" and value is not None
            minutes = memory.minutes.setdefault(factor, {})
            known = minutes.get(at.minute)
            if known is None:
                known = minutes[at.minute] = Minutes(valid=valid, received=received)
            elif received >= known.received:
                known.valid, known.received = valid, received
            if punctual and (known.in_time is None or received >= known.in_time_received):
                known.in_time, known.in_time_received = valid, received
        if memory.published:
            self._publish(hour, known_at=packet.received_at, cause="minutes")

    # -- judging --------------------------------------------------------------------------------------------------

    def _publish(self, hour: datetime, *, known_at: datetime, cause: str) -> None:
        """Judge the hour as it is known now and publish each pollutant that says something new (R10)."""
        memory = self.memory.hour(hour)
        if memory is None:
            return
        changed = False
        marks = self._marks(hour, in_time=False)
        in_time_marks = self._marks(hour, in_time=True)
        for pollutant in self.outlet.pollutants:
            if memory.called or f"{pollutant}-" in memory.values:
                changed |= self._publish_one(hour, memory, pollutant, marks, in_time_marks, known_at, cause)
        if changed:
            self.memory.change(hour)
            if memory.called:
                self.changed[hour] = None

    def rates_of_changed_hours(self) -> None:
        """Count the days of the changed hours anew and publish what they belong to, once for all of them."""
        if not self.changed:
            return
        for hour in self.changed:
            outlet_rates.recount(self.memory, self.outlet, hour)
        self.outputs += outlet_rates.after_change(self.head, self.outlet, self.changed, parameters=self.parameters)

    def _publish_one(
        self,
        hour: datetime,
        memory: HourMemory,
        pollutant: str,
        marks: HourMarks,
        in_time_marks: HourMarks,
        known_at: datetime,
        cause: str,
    ) -> bool:
        row = self.rules.limit_row(
            standard=self.outlet.standard, category=self.outlet.category, pollutant=pollutant, hour=hour
        )
        now = self._assess(hour, memory, pollutant, marks, row, in_time=False)
        then = now
        if marks != in_time_marks or not _known_in_time(memory):
            then = self._assess(hour, memory, pollutant, in_time_marks, row, in_time=True)
        limit, source = limit_of(self.outlet, pollutant, hour, row)
        verdict = judge_hour(now, marks=marks, limit_mg_m3=limit, limit_source=source, parameters=self.parameters)
        last = memory.published.get(pollutant)
        new = Published(
            state=now.state,
            reason=now.reason,
            in_time_state=then.state,
            in_time_reason=then.reason,
            verdict=verdict.verdict,
            raw=now.raw_mg_m3,
            converted=now.converted_mg_m3,
            limit=limit,
            revision=last.revision if last is not None else 0,
        )
        if new == last:
            return False
        if last is not None:
            new.revision += 1
        memory.published[pollutant] = new
        self.outputs.append(
            self._line(
                hour,
                pollutant,
                new,
                cause=cause if last is not None else None,
                known_at=to_beijing(known_at),
                evidence=self._evidence(memory, pollutant, now, verdict, source),
            )
        )
        self.outputs += outlet_findings.of_hour(
            self.memory,
            self.outlet,
            pollutant,
            hour,
            assessment=now,
            verdict=verdict,
            last=last,
            marks=marks,
            known_at=to_beijing(known_at),
            parameters=self.parameters,
        )
        self.outputs += suspicion.of_hour(
            self.memory,
            self.outlet,
            pollutant,
            hour,
            known_at=known_at,
            reference_o2_pct=now.reference_o2_pct,
            parameters=self.parameters,
        )
        return True

    def _evidence(
        self, memory: HourMemory, pollutant: str, now: Assessment, verdict: Verdict, source: str | None
    ) -> dict[str, Any]:
        """What the judgement rests on: rule, limit, oxygen, and the packet that the value came in."""
        evidence = {"rule": now.rule, "verdict_reason": verdict.reason, "limit_source": source, **now.evidence}
        if now.o2_pct is not None:
            evidence |= {"o2_pct": now.o2_pct, "reference_o2_pct": now.reference_o2_pct}
        if (cell := memory.values.get(f"{pollutant}-Avg") or memory.values.get(f"{pollutant}-")) is not None:
            evidence["qn"] = cell.qn
            evidence["received_at"] = datetime.fromtimestamp(cell.received, BEIJING).isoformat(timespec="milliseconds")
            evidence["trace"] = trace_of(self.outlet.mn or self.outlet.id, cell.qn, cell.received)
        if self.rules.version:
            evidence["rulebook"] = self.rules.version
        return evidence

    def _line(
        self,
        hour: datetime,
        pollutant: str,
        new: Published,
        *,
        cause: str | None,
        known_at: datetime,
        evidence: dict[str, Any],
    ) -> Hour:
        return Hour(
            outlet=self.outlet.id,
            pollutant=pollutant,
            hour=hour,
            state=new.state,
            reason=new.reason,
            in_time=new.in_time_state != "missing",
            in_time_state=new.in_time_state,
            in_time_reason=new.in_time_reason,
            raw_mg_m3=new.raw,
            converted_mg_m3=new.converted,
            limit_mg_m3=new.limit,
            verdict=new.verdict,
            revision=new.revision,
            cause=cause,
            known_at=known_at,
            enterprise=self.outlet.enterprise,
            county=self.outlet.county,
            city=self.outlet.city,
            evidence=evidence,
        )

    def _assess(
        self,
        hour: datetime,
        memory: HourMemory,
        pollutant: str,
        marks: HourMarks,
        row: LimitRow | None,
        *,
        in_time: bool,
    ) -> Assessment:
        if in_time:
            values = {key: cell.in_time for key, cell in memory.values.items() if cell.in_time is not None}
        else:
            values = {key: cell.text for key, cell in memory.values.items()}
        return assess(
            pollutant,
            values,
            valid_minutes=self._valid_minutes(hour, memory, pollutant, in_time=in_time),
            marks=marks,
            connected=self._connected(hour),
            outlet=self.outlet,
            row=row,
            parameters=self.parameters,
        )

    def _valid_minutes(self, hour: datetime, memory: HourMemory, pollutant: str, *, in_time: bool) -> int | None:
        """Distinct minutes of the hour that valid 2051 values stand for; None where no 2051 packet came (R7)."""
        cutoff = (hour + self.parameters.in_time).timestamp()
        if memory.minutes_from is None or (in_time and memory.minutes_from > cutoff):
            return None
        covered: set[int] = set()
        for start, minute in memory.minutes.get(pollutant, {}).items():
            if minute.in_time if in_time else minute.valid:
                covered.update(range(start, min(start + self.outlet.minute_interval, 60)))
        return len(covered)

    def _marks(self, hour: datetime, *, in_time: bool) -> HourMarks:
        return marks_of_hour(hour, self.head.marks.values(), in_time=in_time, parameters=self.parameters)

    def _connected(self, hour: datetime) -> bool:
        first = self.head.first_received
        return first is not None and first <= (hour + self.parameters.in_time).timestamp()


def _known_in_time(memory: HourMemory) -> bool:
    """Whether all that is known of the hour was already known in time, so that one assessment serves both tracks."""
    return all(cell.in_time == cell.text for cell in memory.values.values()) and all(
        minute.in_time == minute.valid for minutes in memory.minutes.values() for minute in minutes.values()
    )
