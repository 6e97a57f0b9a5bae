"""What a run has left behind: hours and rates in the series store, findings and cases in Kafka, in a fixed order."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from contracts.codec import decode, encode
from contracts.topics import FINDINGS
from emissions.finding import Case, Finding, unnumbered
from stackwatch.batch import Judged, rate_key
from stackwatch.demo.topic_dump import dump
from stores.port import SeriesStore

KINDS = ("hours", "rates", "findings", "cases")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Lines of JSON by kind; two outcomes are equal when all their lines are."""

    hours: Sequence[bytes]
    rates: Sequence[bytes]
    findings: Sequence[bytes]
    cases: Sequence[bytes]

    def lines(self, kind: str) -> Sequence[bytes]:
        """The lines of one of ``KINDS``."""
        found: Sequence[bytes] = getattr(self, kind)
        return found


async def stored_outcome(bootstrap: str, store: SeriesStore, *, start: datetime, end: datetime) -> Outcome:
    """The outcome as it stands in the store and in Kafka now.

    Raises:
        StoreUnavailable, KafkaError: one of them cannot be read.
    """
    findings: dict[str, Finding] = {}
    cases: dict[tuple[str, str], Case] = {}
    for partition in await dump(bootstrap, FINDINGS):
        for message in map(decode, partition):
            match message:
                case Finding():
                    if message.id not in findings or message.revision >= findings[message.id].revision:
                        findings[message.id] = message
                case Case():
                    key = message.county, message.trigger
                    if key not in cases or message.revision >= cases[key].revision:
                        cases[key] = message
    hours = store.hours(start=start, end=end + timedelta(days=2))
    rates = {rate_key(rate): rate for rate in store.rates()}
    return Outcome(
        hours=[encode(hour) for hour in hours],
        rates=[encode(rates[key]) for key in sorted(rates)],
        findings=_by_id(findings.values()),
        cases=[encode(unnumbered(cases[key])) for key in sorted(cases)],
    )


def judged_outcome(judged: Judged) -> Outcome:
    """The outcome of the batch oracle."""
    return Outcome(
        hours=[encode(judged.hours[key]) for key in sorted(judged.hours)],
        rates=[encode(judged.rates[key]) for key in sorted(judged.rates)],
        findings=_by_id(judged.findings.values()),
        cases=[encode(judged.cases[key]) for key in sorted(judged.cases)],
    )


def _by_id(findings: Iterable[Finding]) -> list[bytes]:
    return [encode(unnumbered(finding)) for finding in sorted(findings, key=lambda finding: finding.id)]
