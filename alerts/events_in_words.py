"""What the detail of an event says, for time lines: from where to where, until when, for whom. Chinese first."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from alerts.wording import LEVELS, MEASURES, SEVERITIES, STEPS, moment

Pair = tuple[str, str]
Causes = Mapping[str, Pair]


def detail_in_words(name: str, detail: Mapping[str, Any], *, causes: Causes | None = None) -> Pair | None:
    """What happened, beyond the event's name; None where there is nothing more to say, or nobody understands it.

    Args:
        name: The event's name.
        detail: As it stands in the audit log.
        causes: What people call the causes of the rulebook.
    """
    say = _WORDS.get(name)
    try:
        if name == "verified":
            return _verified(detail, causes or {})
        return say(detail) if say is not None else None
    except (LookupError, TypeError, ValueError, AttributeError):
        return None


def _name(words: Mapping[str, Pair], key: Any) -> Pair:
    return words.get(str(key), (str(key), str(key)))


def _arrow(words: Mapping[str, Pair], before: Any, after: Any) -> Pair:
    old, new = _name(words, before), _name(words, after)
    return f"{old[0]} → {new[0]}", f"{old[1]} → {new[1]}"


def _when(value: Any) -> str:
    return moment(value if isinstance(value, datetime) else datetime.fromisoformat(str(value)))


def _severity(detail: Mapping[str, Any]) -> Pair | None:
    return _arrow(SEVERITIES, detail["was"], detail["severity"]) if "was" in detail else None


def _climbed(detail: Mapping[str, Any]) -> Pair:
    words = LEVELS if str(detail["to"]) in LEVELS else MEASURES
    zh, en = _arrow(words, detail["from"], detail["to"])
    late = _when(detail["deadline"])
    return f"{zh}，原时限 {late}", f"{en}, was due {late}"


def _missed(detail: Mapping[str, Any]) -> Pair:
    late = _when(detail["deadline"])
    return f"原时限 {late}", f"was due {late}"


def _ended(detail: Mapping[str, Any]) -> Pair | None:
    if detail.get("to") is None:
        return _severity(detail)
    until = _when(detail["to"])
    return f"数据至 {until}", f"in the data until {until}"


def _verified(detail: Mapping[str, Any], causes: Causes) -> Pair:
    verdict = ("属实", "a violation") if detail["violation"] else ("不属实", "no violation")
    cause = _name(causes, detail["cause"])
    return f"{verdict[0]}，原因：{cause[0]}", f"{verdict[1]}, cause: {cause[1]}"


def _assigned(detail: Mapping[str, Any]) -> Pair:
    to, was = str(detail["to"]), str(detail.get("was") or "")
    return (f"{was} → {to}", f"{was} → {to}") if was else (to, to)


def _attached(detail: Mapping[str, Any]) -> Pair:
    size = f"{detail['name']} ({max(1, round(int(detail['size']) / 1000))} kB)"
    return size, size


def _evidence(detail: Mapping[str, Any]) -> Pair:
    period = str(detail["period"])
    if detail.get("lifted_by_late_data"):
        return (
            f"{period}，补传后回升至线上，督办不因此撤销",
            f"{period}, late data lifted it over the line; it stays open",
        )
    return period, period


def _returned(detail: Mapping[str, Any]) -> Pair:
    times = int(detail["times"])
    return f"第 {times} 次退回", f"returned {times} ×"


def _due(detail: Mapping[str, Any]) -> Pair:
    due = _when(detail["due_at"])
    return f"须于 {due} 前完成", f"due {due}"


_WORDS: Mapping[str, Callable[[Mapping[str, Any]], Pair | None]] = {
    "raised": lambda detail: _name(SEVERITIES, detail["severity"]),
    "grew": _severity,
    "worsened": _severity,
    "eased": _severity,
    "resumed": _severity,
    "reopened": _severity,
    "ended": _ended,
    "escalated": _climbed,
    "reminded": _missed,
    "acknowledgement_expired": _missed,
    "assigned": _assigned,
    "attached": _attached,
    "opened": _evidence,
    "evidence_joined": _evidence,
    "evidence_updated": _evidence,
    "returned": _returned,
    "ordered": _due,
    "proposed": lambda detail: _name(STEPS, detail["step"]),
}
