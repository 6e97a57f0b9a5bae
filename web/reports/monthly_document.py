"""The monthly report in a reader's language: which figures stand where, and what they are called."""

from collections.abc import Callable, Sequence

from emissions.transmission import Rate
from web import figures
from web.pages.markup import path
from web.reports.document import Chart, Column, Document, Figure, Section, Table, Value
from web.reports.monthly import Monthly, OutletLine, ReasonLine
from web.said import short_name, term
from web.wording import Wording

MOST_EXCEEDANCES = 200
"""Rows of outlets and pollutants that exceeded; the sums count all."""

NameOf = Callable[[str], str]


def monthly_document(report: Monthly, words: Wording, name_of: NameOf) -> Document:
    """The report in one language."""
    return _Writer(report, words, name_of).document()


class _Writer:
    def __init__(self, report: Monthly, words: Wording, name_of: NameOf) -> None:
        self.report = report
        self.words = words
        self.name_of = name_of

    def document(self) -> Document:
        """All of it."""
        report, words = self.report, self.words
        whose = "、".join(city.name for city in report.cities) if report.county is None else self.name_of(report.county)
        return Document(
            language=words.tag,
            title=words("report.title", whose=whose, period=report.period),
            subtitle=words(
                "report.span", start=f"{report.start:%Y-%m-%d}", end=f"{report.end:%Y-%m-%d}", period=report.period
            ),
            status=words(
                "report.settled" if report.settled else "report.running", at=figures.minute(report.settles_at)
            ),
            figures=self._figures(),
            sections=[
                self._ranking(),
                self._exceedances(),
                self._reasons(),
                self._outlets(),
                self._desk(),
                self._cases(),
                self._limits(),
            ],
            notes=self._notes(),
            provenance=self._provenance(),
            page_of=words("report.page_of"),
            made_at=report.provenance.made_at,
        )

    def _figures(self) -> list[Figure]:
        report, words = self.report, self.words
        subject = report.cities[0].figures if report.cities else report.counties[0].figures if report.counties else None
        completed = subject.ranked if subject is not None else None
        in_time = subject.in_time if subject is not None else None
        return [
            Figure(
                key="effective",
                title=words("report.effective"),
                value=_pct(completed),
                kind="percent",
                note=_counts(completed),
            ),
            Figure(
                key="in_time",
                title=words("report.in_time"),
                value=_pct(in_time),
                kind="percent",
                note=_counts(in_time),
            ),
            Figure(
                key="below",
                title=words("board.below", threshold=report.threshold_pct),
                value=sum(line.below for line in report.counties),
                kind="count",
            ),
            Figure(
                key="exceeded",
                title=words("board.exceeded"),
                value=report.exceeded.hours,
                kind="count",
                note=words(
                    "report.exceeded_note", outlets=report.exceeded.outlets, enterprises=report.exceeded.enterprises
                ),
            ),
            Figure(
                key="cases",
                title=words("report.cases_open"),
                value=sum(case.cleared_at is None for case in report.cases),
                kind="count",
            ),
        ]

    def _ranking(self) -> Section:
        report, words = self.report, self.words
        own = report.county is not None
        lead = [words("report.ranking_lead")]
        if own and report.counties and report.counties[0].rank is not None:
            lead.append(words("report.own_rank", rank=report.counties[0].rank, ranked=report.ranked))
        rows = [
            {
                "rank": line.rank,
                "county": line.name,
                "effective": _pct(line.figures.ranked),
                "in_time": _pct(line.figures.in_time),
                "transmission": None if line.figures.ranked is None else line.figures.ranked.transmission_pct,
                "validity": None if line.figures.ranked is None else line.figures.ranked.validity_pct,
                "expected": None if line.figures.ranked is None else line.figures.ranked.expected,
                "received": None if line.figures.ranked is None else line.figures.ranked.received,
                "valid": None if line.figures.ranked is None else line.figures.ranked.valid,
                "excluded": None if line.figures.ranked is None else line.figures.ranked.excluded,
                "outlets": line.outlets,
                "now": _pct(line.figures.completed),
                "changed": line.changed_hours,
            }
            for line in report.counties
        ]
        columns = [
            Column(key="rank", title=words("report.rank"), kind="count"),
            Column(key="county", title=words("alerts.county"), wide=True),
            Column(key="effective", title=words("report.effective_col"), kind="percent"),
            Column(key="in_time", title=words("report.in_time_col"), kind="percent"),
            Column(key="transmission", title=words("report.transmission"), kind="percent"),
            Column(key="validity", title=words("report.validity"), kind="percent"),
            Column(key="expected", title=words("explain.expected"), kind="count"),
            Column(key="received", title=words("explain.received"), kind="count"),
            Column(key="valid", title=words("explain.valid"), kind="count"),
            Column(key="excluded", title=words("explain.excluded"), kind="count"),
            Column(key="outlets", title=words("board.outlets"), kind="count"),
        ]
        if report.settled:
            columns += [
                Column(key="now", title=words("report.now"), kind="percent"),
                Column(key="changed", title=words("report.changed"), kind="count"),
            ]
        return Section(
            key="ranking",
            title=words("report.ranking"),
            lead=lead,
            table=Table(
                name=words("report.ranking"),
                columns=columns,
                rows=rows,
                flagged=frozenset(i for i, line in enumerate(report.counties) if line.below),
                links={
                    i: path("explain", level="county", id=line.code, period=report.period, track="completed")
                    for i, line in enumerate(report.counties)
                },
                empty=words("state.empty"),
            ),
            chart=Chart(
                title=words("report.ranking_chart", threshold=report.threshold_pct),
                kind="bars",
                label="county",
                value="effective",
                second="in_time",
                threshold=float(report.threshold_pct),
            ),
        )

    def _exceedances(self) -> Section:
        report, words = self.report, self.words
        shown = report.exceedances[:MOST_EXCEEDANCES]
        lead = [
            words(
                "report.exceeded_lead",
                hours=report.exceeded.hours,
                outlets=report.exceeded.outlets,
                enterprises=report.exceeded.enterprises,
            )
        ]
        if len(shown) < len(report.exceedances):
            lead.append(words("report.first_of", shown=len(shown), total=len(report.exceedances)))
        return Section(
            key="exceedances",
            title=words("report.exceedances"),
            lead=lead,
            table=Table(
                name=words("report.exceedances"),
                columns=[
                    Column(key="outlet", title=words("county.outlet"), wide=True),
                    Column(key="county", title=words("alerts.county")),
                    Column(key="pollutant", title=words("report.pollutant")),
                    Column(key="hours", title=words("report.hours"), kind="count"),
                    Column(key="peak", title=words("report.peak"), kind="mg"),
                    Column(key="limit", title=words("report.limit"), kind="mg"),
                    Column(key="multiple", title=words("report.multiple"), kind="multiple"),
                    Column(key="at", title=words("report.peak_at"), kind="time"),
                ],
                rows=[
                    {
                        "outlet": self.name_of(line.outlet),
                        "county": self.name_of(line.county),
                        "pollutant": short_name(line.pollutant, words),
                        "hours": line.hours,
                        "peak": line.peak_mg_m3,
                        "limit": line.limit_mg_m3,
                        "multiple": line.multiple,
                        "at": line.peak_at,
                    }
                    for line in shown
                ],
                links={
                    i: path("explain", level="outlet", id=line.outlet, period=report.period, track="completed")
                    for i, line in enumerate(shown)
                },
                empty=words("report.none_exceeded"),
            ),
        )

    def _reasons(self) -> Section:
        words = self.words
        return Section(
            key="reasons",
            title=words("report.reasons"),
            lead=[words("report.reasons_lead")],
            table=Table(
                name=words("report.reasons"),
                columns=[
                    Column(key="reason", title=words("outlet.reason"), wide=True),
                    Column(key="state", title=words("report.state")),
                    Column(key="count", title=words("report.hours"), kind="count"),
                    Column(key="cumulative", title=words("report.cumulative"), kind="percent"),
                ],
                rows=[
                    {
                        "reason": words.of("reason", line.reason),
                        "state": words.of("hour_state", line.state),
                        "count": line.count,
                        "cumulative": line.cumulative_pct,
                    }
                    for line in self.report.reasons
                ],
                empty=words("report.nothing_lost"),
            ),
            chart=Chart(
                title=words("report.reasons_chart"), kind="pareto", label="reason", value="count", second="cumulative"
            ),
        )

    def _outlets(self) -> Section:
        report, words = self.report, self.words
        return Section(
            key="outlets",
            title=words("report.outlets"),
            lead=[words("report.outlets_lead", threshold=report.threshold_pct)],
            table=Table(
                name=words("report.outlets_sheet"),
                columns=[
                    Column(key="outlet", title=words("county.outlet"), wide=True),
                    Column(key="county", title=words("alerts.county")),
                    Column(key="effective", title=words("report.effective_col"), kind="percent"),
                    Column(key="in_time", title=words("report.in_time_col"), kind="percent"),
                    Column(key="valid", title=words("explain.valid"), kind="count"),
                    Column(key="expected", title=words("explain.expected"), kind="count"),
                    Column(key="lost", title=words("report.lost"), kind="count"),
                    Column(key="reasons", title=words("report.main_reasons"), wide=True),
                    Column(key="exceeded", title=words("board.exceeded"), kind="count"),
                ],
                rows=[self._outlet(line) for line in report.worst],
                flagged=frozenset(i for i, line in enumerate(report.worst) if line.below),
                links={
                    i: path("explain", level="outlet", id=line.id, period=report.period, track="completed")
                    for i, line in enumerate(report.worst)
                },
                empty=words("report.nothing_lost"),
            ),
        )

    def _outlet(self, line: OutletLine) -> dict[str, Value]:
        completed = line.figures.completed
        return {
            "outlet": self.name_of(line.id),
            "county": self.name_of(line.county),
            "effective": _pct(completed),
            "in_time": _pct(line.figures.in_time),
            "valid": None if completed is None else completed.valid,
            "expected": None if completed is None else completed.expected,
            "lost": line.lost,
            "reasons": self._main_reasons(line.reasons),
            "exceeded": line.exceeded_hours,
        }

    def _main_reasons(self, reasons: Sequence[ReasonLine]) -> str:
        comma = "，" if self.words.language == "zh" else ", "
        return comma.join(f"{self.words.of('reason', one.reason)} {one.count}" for one in reasons[:3])

    def _desk(self) -> Section:
        report, words = self.report, self.words
        return Section(
            key="desk",
            title=words("report.desk"),
            lead=[words("report.desk_lead")],
            table=Table(
                name=words("report.desk"),
                columns=[
                    Column(key="county", title=words("alerts.county"), wide=True),
                    Column(key="exceeded", title=words("board.exceeded"), kind="count"),
                    Column(key="enterprises", title=words("board.enterprises"), kind="count"),
                    Column(key="raised", title=words("report.raised"), kind="count"),
                    Column(key="due", title=words("report.due"), kind="count"),
                    Column(key="in_time", title=words("report.taken_in_time"), kind="count"),
                    Column(key="open", title=words("report.still_open"), kind="count"),
                    Column(key="opened", title=words("report.opened"), kind="count"),
                    Column(key="cleared", title=words("report.cleared"), kind="count"),
                    Column(key="closing", title=words("report.closing"), kind="percent"),
                    Column(key="maintenance", title=words("report.maintenance"), kind="percent"),
                ],
                rows=[
                    {
                        "county": line.name,
                        "exceeded": line.exceeded.hours,
                        "enterprises": line.exceeded.enterprises,
                        "raised": line.alerts.raised,
                        "due": line.alerts.due,
                        "in_time": line.alerts.in_time,
                        "open": line.alerts.open,
                        "opened": line.cases_opened,
                        "cleared": line.cases_cleared,
                        "closing": line.orders.closing.pct,
                        "maintenance": line.orders.maintenance.pct,
                    }
                    for line in report.counties
                ],
                empty=words("state.empty"),
            ),
        )

    def _cases(self) -> Section:
        report, words = self.report, self.words
        return Section(
            key="cases",
            title=words("nav.cases"),
            table=Table(
                name=words("nav.cases"),
                columns=[
                    Column(key="county", title=words("alerts.county")),
                    Column(key="trigger", title=words("cases.trigger"), wide=True),
                    Column(key="opened", title=words("cases.opened"), kind="time"),
                    Column(key="state", title=words("report.state")),
                    Column(key="measure", title=words("cases.measure")),
                    Column(key="cleared", title=words("case_state.cleared"), kind="time"),
                    Column(key="id", title=words("report.id")),
                ],
                rows=[
                    {
                        "county": self.name_of(case.county),
                        "trigger": term("trigger", case.trigger, words),
                        "opened": case.opened_at,
                        "state": words.of("case_state", case.state),
                        "measure": figures.NONE if case.measure == "none" else term("measure", case.measure, words),
                        "cleared": case.cleared_at,
                        "id": case.id,
                    }
                    for case in report.cases
                ],
                empty=words("cases.empty"),
            ),
        )

    def _limits(self) -> Section:
        report, words = self.report, self.words
        return Section(
            key="limits",
            title=words("report.limits"),
            lead=[words("report.limits_lead")],
            table=Table(
                name=words("report.limits"),
                columns=[
                    Column(key="source", title=words("report.source"), wide=True),
                    Column(key="pollutant", title=words("report.pollutant")),
                    Column(key="limit", title=words("report.limit"), kind="mg"),
                    Column(key="o2", title=words("report.reference_o2"), kind="mg"),
                    Column(key="from", title=words("report.valid_from"), kind="day"),
                    Column(key="outlets", title=words("board.outlets"), kind="count"),
                    Column(key="verified", title=words("report.verified")),
                ],
                rows=[
                    {
                        "source": words("outlet.permit") if line.source == "permit" else line.source,
                        "pollutant": short_name(line.pollutant, words),
                        "limit": line.limit_mg_m3,
                        "o2": line.reference_o2_pct,
                        "from": line.valid_from,
                        "outlets": line.outlets,
                        "verified": words("report.yes" if line.verified else "report.no"),
                    }
                    for line in report.limits
                ],
                flagged=frozenset(i for i, line in enumerate(report.limits) if not line.verified),
                empty=words("state.empty"),
            ),
        )

    def _notes(self) -> list[str]:
        report, words = self.report, self.words
        notes = [words("report.note_unit"), words("report.note_tracks"), words("report.note_lead")]
        if not report.settled:
            notes.append(words("report.note_running", at=figures.minute(report.settles_at)))
        if unverified := sum(not line.verified for line in report.limits):
            notes.append(words("report.note_unverified", count=unverified))
        return notes

    def _provenance(self) -> list[tuple[str, str]]:
        made, words = self.report.provenance, self.words
        return [
            (words("explain.period"), self.report.period),
            (words("explain.as_of"), figures.minute(made.as_of)),
            (words("report.register_version"), made.register_version),
            (words("report.rulebook_version"), made.rulebook_version or figures.NONE),
            (words("report.software"), f"Stackwatch {made.software_version}"),
            (words("report.made_at"), figures.full(made.made_at)),
            (words("report.made_by"), made.made_by or figures.NONE),
        ]


def _pct(rate: Rate | None) -> float | None:
    return None if rate is None else rate.effective_pct


def _counts(rate: Rate | None) -> str:
    return "" if rate is None else figures.ratio(rate.valid, rate.expected)
