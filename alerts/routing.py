"""Which findings somebody must answer, and who is told about what over which channel."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from alerts.severities import SEVERITIES
from emissions.finding import Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Routes:
    """What of the findings becomes an alert."""

    minimum_severity: str = "warning"
    """Findings below this are kept and shown, but nobody is called for them."""
    never: frozenset[str] = frozenset({"no_limit", "revised_after_judgement", "conversion_mismatch"})
    """Rules whose findings are for the record: about the books, not about the air."""
    notify: frozenset[str] = frozenset(
        {"raised", "worsened", "reopened", "resumed", "escalated", "reminded", "acknowledgement_expired", "ended"}
    )
    """Events of an alert that people are told of; the others are seen on its page and in the event stream."""
    notify_case: frozenset[str] = frozenset(
        {"opened", "evidence_joined", "clearance_requested", "returned", "escalated", "reminded", "cleared"}
    )
    notify_desk: frozenset[str] = frozenset({"proposed", "escalated", "reminded"})
    """Events of proposals and work orders."""


@dataclass(frozen=True, slots=True)
class Alerting:
    """The finding becomes an alert."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """The finding does not become an alert, for this reason."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unroutable:
    """The finding says something that no route knows; it goes to quarantine."""

    reason: str


Decision = Alerting | Recorded | Unroutable


def route(finding: Finding, routes: Routes) -> Decision:
    """Whether a finding becomes an alert. A rule nobody has heard of does: rather once too often than never."""
    if finding.severity not in SEVERITIES:
        return Unroutable(f"severity {finding.severity!r} is not one of {', '.join(SEVERITIES)}")
    if finding.rule in routes.never:
        return Recorded(f"{finding.rule} is for the record")
    if SEVERITIES.index(finding.severity) < SEVERITIES.index(routes.minimum_severity):
        return Recorded(f"{finding.severity} is below {routes.minimum_severity}")
    return Alerting()


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """One way to reach people: an address, and what goes there."""

    name: str
    """Unique; stands in the log of attempts instead of the address, which may hold a secret."""
    notifier: str
    """Entry of ``alerts.notifiers.NOTIFIERS``."""
    url: str = field(repr=False)
    secret: str = field(default="", repr=False)
    """Signs what a webhook gets; empty: it is not signed."""
    language: str = "zh"
    """``zh`` or ``en``."""
    counties: Collection[str] = ()
    """Counties it is for; empty: all of them."""
    levels: Collection[str] = ()
    """Levels that read it (``Terms.levels``); empty: all of them."""
    rules: Collection[str] = ()
    """Rules it is for; empty: all of them."""
    minimum_severity: str = "warning"
    cases: bool = True
    """Whether supervision cases go there as well."""


def for_alert(channels: Iterable[Channel], *, county: str, level: str, rule: str, severity: str) -> list[Channel]:
    """Channels that an alert's event goes to."""
    return [
        channel
        for channel in channels
        if _all_or(channel.counties, county)
        and _all_or(channel.levels, level)
        and _all_or(channel.rules, rule)
        and SEVERITIES.index(severity) >= SEVERITIES.index(channel.minimum_severity)
    ]


def for_case(channels: Iterable[Channel], *, county: str) -> list[Channel]:
    """Channels that a case's event goes to."""
    return [channel for channel in channels if channel.cases and _all_or(channel.counties, county)]


def _all_or(wanted: Collection[str], value: str) -> bool:
    return not wanted or value in wanted
