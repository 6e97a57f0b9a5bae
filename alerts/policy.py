"""Everything that the rulebook decides about alerts and cases, as one value."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import SecretStr

from alerts.escalation import Terms
from alerts.routing import Channel, Routes
from rulebook.channels import Channel as ChannelEntry
from rulebook.deadlines import Escalation
from rulebook.loader import load_channels, load_escalation


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Deadlines and ladders, which findings count, and who hears of them."""

    terms: Terms = field(default_factory=Terms)
    routes: Routes = field(default_factory=Routes)
    channels: Sequence[Channel] = ()


def load_policy(folder: Path | None = None, *, webhook_url: SecretStr | None = None) -> Policy:
    """The policy of a rulebook's ``escalation.yaml`` and ``channels.yaml``.

    Args:
        folder: The rulebook; None for the one that comes with the software.
        webhook_url: One more channel, named ``webhook``, that gets everything.

    Raises:
        BadFile: with all that is wrong in a file.
        OSError, ValueError: a channel's ``url_file`` cannot be read or holds no address.
    """
    channels = [_channel(entry) for entry in load_channels(folder).channels]
    if webhook_url is not None:
        url = webhook_url.get_secret_value()
        channels.append(Channel(name="webhook", notifier=_notifier(url), url=url))
    return Policy(terms=_terms(load_escalation(folder)), channels=channels)


def _notifier(url: str) -> str:
    return "webhook" if url.lower().startswith(("http://", "https://")) else "apprise"


def _terms(escalation: Escalation) -> Terms:
    alerts = escalation.alerts
    return Terms(
        acknowledge_severe_within=alerts.acknowledge_severe_within.span,
        acknowledge_within=alerts.acknowledge_within.span,
        acknowledgement_lasts=alerts.acknowledgement_lasts.span,
        rectify_within=alerts.rectify_within.span,
        close_within=alerts.close_within.span,
        remind_every=alerts.remind_every.span,
        levels=tuple(escalation.levels),
        case_within=escalation.case_within(),
        case_measures=tuple(escalation.case_measures),
    )


def _channel(entry: ChannelEntry) -> Channel:
    return Channel(
        name=entry.name,
        notifier=entry.notifier,
        url=entry.address(),
        language=entry.language,
        counties=entry.counties,
        levels=entry.levels,
        rules=entry.rules,
        minimum_severity=entry.minimum_severity,
        cases=entry.cases,
    )
