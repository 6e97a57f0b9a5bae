"""One letter about a case: the template's wording with the case's own figures, each with the way to its evidence."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from alerts.views import CaseView
from emissions.beijing import to_beijing
from emissions.periods import settles_at
from emissions.rules import Parameters
from rulebook.letters import LetterFile
from web import figures
from web.pages.markup import path
from web.said import short_name
from web.wording import Wording

NameOf = Callable[[str], str]


class NotNow(Exception):
    """The state of the case does not allow this letter; says which would."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One figure of the letter and where its evidence is."""

    name: str
    value: str
    note: str
    link: str
    """Path on this site."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """The whole letter in one language."""

    language: str
    kind: str
    title: str
    number: str
    addressee: str
    paragraphs: tuple[str, ...]
    facts: tuple[Fact, ...]
    facts_head: tuple[str, str, str]
    closing: str
    signature: str
    date: str
    case_id: str
    case_link: str
    provenance: str
    made_at: datetime


def write_letter(
    kind: str,
    template: LetterFile,
    case: CaseView,
    *,
    words: Wording,
    parameters: Parameters,
    name_of: NameOf,
    now: datetime,
    version: str,
) -> Letter:
    """Fill a template.

    Args:
        kind: Name of the template.
        template: Its wording.
        case: Whom and what it is about.
        words: The reader's language.
        parameters: The rulebook's numbers.
        name_of: What people call an outlet, an enterprise or a county.
        now: The letter's date.
        version: The rulebook's fingerprint, for the foot of the letter.

    Raises:
        NotNow: the case is in another state than the letter is for.
    """
    if case.state not in template.states:
        wanted = ", ".join(template.states)
        raise NotNow(f"is {case.state}; the letter {kind!r} is for one that is {wanted}")
    places = _places(case, words, parameters, now)
    paragraphs = [
        paragraph.of(words.language).format_map(places)
        for paragraph in template.paragraphs
        if paragraph.trigger in {None, case.trigger} and not (paragraph.deadline and case.deadline is None)
    ]
    return Letter(
        language=words.tag,
        kind=kind,
        title=template.title.of(words.language).format_map(places),
        number=words("letter.number", id=case.id),
        addressee=template.addressee.of(words.language).format_map(places),
        paragraphs=tuple(paragraphs),
        facts=tuple(_facts(case, words, name_of)),
        facts_head=(words("letter.subject"), words("letter.figure"), words("letter.evidence")),
        closing=template.closing.of(words.language).format_map(places),
        signature=template.signature.of(words.language).format_map(places),
        date=places["today"],
        case_id=case.id,
        case_link=path("cases", case.id),
        provenance=words("letter.provenance", version=version or figures.NONE, at=figures.full(now)),
        made_at=now,
    )


def _places(case: CaseView, words: Wording, parameters: Parameters, now: datetime) -> dict[str, str]:
    """What stands in each place of ``rulebook.letters.PLACES``."""
    periods = sorted(case.evidence)
    first = periods[0] if periods else figures.NONE
    evidence = case.evidence.get(first, {})
    detail = case.state_detail if case.state == "cleared" else {}
    settled = settles_at("month", first, settled_day=parameters.settled_day) if periods else None
    return {
        "county": case.county_name,
        "case": case.id,
        "state": words.of("case_state", case.state),
        "opened_at": figures.minute(case.opened_at),
        "deadline": figures.minute(case.deadline),
        "periods": words("letter.and").join(_month(period, words) for period in periods),
        "first_period": _month(first, words),
        "effective": figures.percent(evidence.get("effective_pct")),
        "valid": figures.count(evidence.get("valid")),
        "expected": figures.count(evidence.get("expected")),
        "threshold": f"{parameters.rate_threshold_pct}{figures.THIN}%",
        "settled_at": figures.minute(settled),
        "enterprise_count": figures.count(len(evidence.get("enterprises", ()))),
        "today": _day(now, words),
        "cleared_at": figures.minute(datetime.fromisoformat(str(detail["since"])))
        if "since" in detail
        else figures.NONE,
        "cleared_reason": str(detail.get("reason", figures.NONE)),
    }


def _facts(case: CaseView, words: Wording, name_of: NameOf) -> list[Fact]:
    facts: list[Fact] = []
    for period, evidence in sorted(case.evidence.items()):
        facts += _rate_facts(case, period, evidence, words, name_of)
        facts += _exceeding_facts(period, evidence, words, name_of)
    return facts


def _rate_facts(
    case: CaseView, period: str, evidence: Mapping[str, Any], words: Wording, name_of: NameOf
) -> list[Fact]:
    if "effective_pct" not in evidence:
        return []
    track = words("track.completed")

    def fact(level: str, id_: str, counts: Mapping[str, Any], note: str) -> Fact:
        return Fact(
            name=f"{name_of(id_)} {period}",
            value=f"{figures.percent(counts['effective_pct'])} ({figures.ratio(counts['valid'], counts['expected'])})",
            note=note,
            link=path("explain", level=level, id=id_, window="month", period=period, track="completed"),
        )

    facts = [fact("county", case.county, evidence, words("letter.at_settlement", track=track))]
    if "now" in evidence and evidence["now"] != {key: evidence.get(key) for key in evidence["now"]}:
        facts.append(fact("county", case.county, evidence["now"], words("letter.now", track=track)))
    outlets = evidence.get("outlets", {})
    return facts + [
        fact("outlet", outlet, counts, words("letter.at_settlement", track=track)) for outlet, counts in outlets.items()
    ]


def _exceeding_facts(period: str, evidence: Mapping[str, Any], words: Wording, name_of: NameOf) -> list[Fact]:
    return [
        Fact(
            name=f"{name_of(enterprise)} {period}",
            value=words("letter.exceeded", hours=found["exceeded_hours"]),
            note=words(
                "letter.first_hour",
                hour=figures.minute(to_beijing(datetime.fromisoformat(found["first_hour"]))),
                outlet=name_of(found["outlet"]),
                pollutant=short_name(found["pollutant"], words),
                value=figures.mg(found["converted_mg_m3"]),
                limit=figures.mg(found["limit_mg_m3"]),
            )
            + (words("letter.corrected", hours=found["corrected_hours"]) if found.get("corrected_hours") else ""),
            link=path(
                "explain",
                level="outlet",
                id=found["outlet"],
                window="day",
                period=found["first_hour"][:10],
                track="completed",
            ),
        )
        for enterprise, found in evidence.get("enterprises", {}).items()
    ]


def _month(period: str, words: Wording) -> str:
    year, _, month = period.partition("-")
    return f"{int(year)} 年 {int(month)} 月" if words.language == "zh" and month else period


def _day(moment: datetime, words: Wording) -> str:
    local = to_beijing(moment)
    return f"{local.year} 年 {local.month} 月 {local.day} 日" if words.language == "zh" else f"{local:%Y-%m-%d}"


def letter_name(kind: str, words: Wording) -> str:
    """What people call a kind of letter; the kind itself where nobody has named it."""
    return words.of("letter_kind", kind)
