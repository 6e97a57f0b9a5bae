"""Everything that the rulebook decides about alerts and cases, as one value."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import SecretStr

from alerts.attachments import Limits
from alerts.escalation import Terms
from alerts.grouping import INHIBITIONS, Flapping, Grouping, Inhibition, Matching
from alerts.ladder import Ladder
from alerts.notifiers.targets import Targets, networks
from alerts.routing import Channel, Routes
from rulebook.channels import Channel as ChannelEntry
from rulebook.deadlines import Escalation
from rulebook.desk import Matching as MatchingEntry
from rulebook.loader import load_channels, load_escalation


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Deadlines and ladders, which findings count, and who hears of them."""

    terms: Terms = field(default_factory=Terms)
    routes: Routes = field(default_factory=Routes)
    channels: Sequence[Channel] = ()
    targets: Targets = field(default_factory=Targets)
    """Where webhooks may lead."""
    grouping: Grouping = field(default_factory=Grouping)
    flapping: Flapping = field(default_factory=Flapping)
    inhibitions: Sequence[Inhibition] = INHIBITIONS
    ladder: Ladder | None = None
    """None: no step is ever proposed."""
    attachments: Limits = field(default_factory=Limits)
    causes: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """What people call each cause, Chinese first; a cause that is not in it is called by its own name."""


def load_policy(
    folder: Path | None = None,
    *,
    webhook_url: SecretStr | None = None,
    webhook_secret: SecretStr | None = None,
    webhook_networks: str = "",
    sending: bool = True,
) -> Policy:
    """The policy of a rulebook's ``escalation.yaml`` and ``channels.yaml``.

    Args:
        folder: The rulebook; None for the one that comes with the software.
        webhook_url: One more channel, named ``webhook``, that gets everything.
        webhook_secret: Signs what it gets.
        webhook_networks: Networks that are not public and allowed all the same, separated by commas, besides those
            of the rulebook.
        sending: Read the addresses and secrets of channels. A process that only writes down what is to be sent has no
            need of them, and should not be able to read them.

    Raises:
        BadFile: with all that is wrong in a file.
        OSError, ValueError: a channel's ``url_file`` or ``secret_file`` cannot be read or holds nothing of use.
    """
    given = load_channels(folder)
    channels = [_channel(entry, sending=sending) for entry in given.channels]
    if webhook_url is not None:
        url = webhook_url.get_secret_value()
        secret = webhook_secret.get_secret_value() if webhook_secret is not None else ""
        channels.append(Channel(name="webhook", notifier=_notifier(url), url=url, secret=secret))
    escalation = load_escalation(folder)
    return Policy(
        terms=_terms(escalation),
        channels=channels,
        targets=Targets(networks([*given.networks, *webhook_networks.split(",")])),
        grouping=_grouping(escalation),
        flapping=_flapping(escalation),
        inhibitions=_inhibitions(escalation),
        ladder=_ladder(escalation),
        attachments=_attachments(escalation),
        causes={cause.id: (cause.zh, cause.en) for cause in escalation.causes or ()},
    )


def _notifier(url: str) -> str:
    return "webhook" if url.lower().startswith(("http://", "https://")) else "apprise"


def _terms(escalation: Escalation) -> Terms:
    alerts, default = escalation.alerts, Terms()
    orders = escalation.work_orders
    return Terms(
        lower_after=escalation.severity.lower_after.span if escalation.severity else default.lower_after,
        causes=tuple(cause.id for cause in escalation.causes) if escalation.causes else default.causes,
        decide_within=escalation.ladder.decide_within.span if escalation.ladder else default.decide_within,
        repair_within=orders.repair_within.span if orders else default.repair_within,
        order_close_within=orders.close_within.span if orders else default.order_close_within,
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


def _grouping(escalation: Escalation) -> Grouping:
    if (given := escalation.grouping) is None:
        return Grouping()
    return Grouping(wait=given.wait.span, interval=given.interval.span, listed=given.listed.value)


def _flapping(escalation: Escalation) -> Flapping:
    if (given := escalation.flapping) is None:
        return Flapping()
    return Flapping(window=given.window.span, free=given.free.value, first=given.first.span, longest=given.longest.span)


def _inhibitions(escalation: Escalation) -> Sequence[Inhibition]:
    if (given := escalation.inhibitions) is None:
        return INHIBITIONS
    return [Inhibition(source=_matching(one.while_), target=_matching(one.silent)) for one in given]


def _matching(entry: MatchingEntry) -> Matching:
    return Matching(rules=frozenset(entry.rules), subject=entry.subject or "")


def _ladder(escalation: Escalation) -> Ladder:
    if (given := escalation.ladder) is None:
        return Ladder()
    return Ladder(
        steps=given.steps, livelihood=given.livelihood, grace=given.grace.span, remembered=given.remembered.span
    )


def _attachments(escalation: Escalation) -> Limits:
    if (given := escalation.attachments) is None:
        return Limits()
    return Limits(largest=given.largest.bytes, most=given.most.value, media_types=given.media_types)


def _channel(entry: ChannelEntry, *, sending: bool) -> Channel:
    return Channel(
        name=entry.name,
        notifier=entry.notifier,
        url=entry.address() if sending else "",
        secret=entry.secret() if sending else "",
        language=entry.language,
        counties=entry.counties,
        levels=entry.levels,
        rules=entry.rules,
        minimum_severity=entry.minimum_severity,
        cases=entry.cases,
    )
