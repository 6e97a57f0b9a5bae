"""Names and evidence in words, as the notices say them: what a page and a message call the same thing is the same."""

from collections.abc import Callable, Mapping
from typing import Any

from alerts.events_in_words import detail_in_words
from alerts.findings_in_words import FINDINGS
from alerts.views import EventView
from alerts.wording import EVENTS, LEVELS, MEASURES, ORDER_KINDS, SEVERITIES, STEPS, TRIGGERS
from hj212.tables import FACTORS, FLAGS
from web.wording import Wording

_GROUPS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "event": EVENTS,
    "level": LEVELS,
    "measure": MEASURES,
    "step": STEPS,
    "order_kind": ORDER_KINDS,
    "severity": SEVERITIES,
    "trigger": TRIGGERS,
}


def term(group: str, name: str, words: Wording) -> str:
    """What people call an event, a level, a measure, a severity or a trigger; the name itself where nobody knows it."""
    pair = _GROUPS[group].get(name)
    return name if pair is None else _in(pair, words)


def event_detail(event: EventView, words: Wording, causes: Mapping[str, tuple[str, str]]) -> str:
    """What an event says beyond its name: from where to where, until when, for whom; empty where it says no more."""
    pair = detail_in_words(event.name, event.detail, causes=causes)
    return "" if pair is None else _in(pair, words)


def finding_name(rule: str, words: Wording) -> str:
    """What people call a rule's findings."""
    if rule in FINDINGS:
        name = _in(FINDINGS[rule][0], words)
        return name[:1].upper() + name[1:]
    return words.of("finding", rule)


def evidence_lines(rule: str, evidence: Mapping[str, Any], words: Wording, name_of: Callable[[str], str]) -> list[str]:
    """The evidence of a finding in words; nothing where it has another shape than its rule's."""
    if rule not in FINDINGS:
        return []
    try:
        return [_in(pair, words) for pair in FINDINGS[rule][1](evidence, name_of)]
    except (LookupError, TypeError, ValueError, AttributeError):
        return []


_SHORT = {"a34013": ("颗粒物", "PM"), "a21026": ("SO₂", "SO₂"), "a21002": ("NOx", "NOx")}


def factor_name(code: str, words: Wording) -> str:
    """What people call a factor; its code where no table has it."""
    factor = FACTORS.get(code)
    if factor is None:
        return code
    name = factor.name_zh if words.language == "zh" else factor.name_en
    return name[:1].upper() + name[1:]


def short_name(code: str, words: Wording) -> str:
    """A pollutant in few letters, for heads of narrow columns."""
    return _in(_SHORT[code], words) if code in _SHORT else factor_name(code, words)


def factor_unit(code: str) -> str:
    """The unit that the standard prints for a factor; nothing where it prints none."""
    factor = FACTORS.get(code)
    return "" if factor is None else factor.unit


def flag_name(letter: str, words: Wording) -> str:
    """What a flag letter means; the letter where no table has it."""
    pair = FLAGS[2017].get(letter) or FLAGS[2005].get(letter)
    return letter if pair is None else pair[1 if words.language == "zh" else 0]


def _in(pair: tuple[str, str], words: Wording) -> str:
    """Of a Chinese and an English text the reader's."""
    return pair[0] if words.language == "zh" else pair[1]
