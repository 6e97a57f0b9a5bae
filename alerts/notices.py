"""Notices between an event and the outbox: they wait for others of their kind, are held back, or are dropped as idle.

Every decision is made when a notice is due, not when its event happens: by then the outage of a county may be known
that its outlets' silences are part of. A notice that is held back is looked at again, and told when its reason is gone
and its alert still waits. Whatever is decided stands in the row.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from alerts import outbox
from alerts.audit import canonical, digest_of
from alerts.database import AlertEventRow, AlertRow
from alerts.desk_tables import NoticeGroupRow, NoticeRow, SilenceRow
from alerts.group_wording import group_text
from alerts.messages import AlertMessage
from alerts.names import NameOf
from alerts.policy import Policy
from alerts.routing import Channel
from alerts.severities import SEVERITIES, worst
from alerts.silences import Silence
from alerts.wording import text_for

PENDING, POSTED, WITHHELD, DROPPED = "pending", "posted", "withheld", "dropped"
RAISING = frozenset({"raised", "resumed", "reopened"})
"""Events that say: it is there (again). What flaps is counted by these."""
OVER = "ended"
SILENCED, INHIBITED = "silence", "inhibited"
LIMIT = 5000
"""At most so many notices are looked at in one transaction."""


def alert_key(rule: str, subject: object, pollutant: object) -> str:
    """The same for every episode of the same thing."""
    return canonical([rule, subject, pollutant])


def enqueue(
    session: Session, policy: Policy, channel: Channel, row: AlertRow, message: AlertMessage, *, now: datetime
) -> None:
    """One event that one channel is to be told of."""
    session.add(
        NoticeRow(
            event_id=message.event_id,
            channel=channel.name,
            alert_id=row.id,
            county=row.county,
            rule=row.rule,
            event=message.event,
            severity=row.severity,
            line=msgspec.json.encode(message).decode(),
            at=now,
            not_before=now + _delay(session, policy, row, message.event, now=now),
            state=PENDING,
            why="",
            letter="",
        )
    )


def _delay(session: Session, policy: Policy, row: AlertRow, event: str, *, now: datetime) -> timedelta:
    if event not in RAISING or not row.key:
        return timedelta(0)
    raised = (
        select(func.count())
        .select_from(AlertEventRow)
        .join(AlertRow, AlertRow.id == AlertEventRow.subject_id)
        .where(
            AlertRow.key == row.key, AlertEventRow.name.in_(RAISING), AlertEventRow.at > now - policy.flapping.window
        )
    )
    before = session.scalars(raised).one() - 1
    return policy.flapping.delay(before, within=policy.terms.acknowledge_after(row.severity))


def waiting(session: Session, *, now: datetime) -> bool:
    """Whether ``settle`` may have anything to do. Cheap, and takes no lock."""
    due = exists().where(NoticeRow.state == PENDING, NoticeRow.not_before <= now)
    if session.scalars(select(due)).one():
        return True
    reasons = session.scalars(select(NoticeRow.why).where(NoticeRow.state == WITHHELD).distinct()).all()
    return any(_gone(session, why, now) for why in reasons)


def _gone(session: Session, why: str, now: datetime) -> bool:
    """Whether a reason to hold back is no more."""
    kind, _, id_ = why.partition(":")
    if kind == SILENCED:
        silence = session.get(SilenceRow, id_)
        return silence is None or not silence_of(silence).holds(now)
    alert = session.get(AlertRow, id_)
    return alert is None or alert.ended_by_data is not None or alert.state == "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Group:
    channel: str
    county: str
    rule: str
    event: str

    @property
    def key(self) -> str:
        return canonical([self.channel, self.county, self.rule, self.event])


def settle(session: Session, policy: Policy, name_of: NameOf, *, now: datetime, wall: datetime) -> int:
    """Tell what is due, hold back what is silenced or inhibited; returns how many letters went into the outbox."""
    reasons = _Reasons(session, policy, now)
    _release(session, reasons, now=now)
    query = select(NoticeRow).where(NoticeRow.state == PENDING, NoticeRow.not_before <= now).order_by(NoticeRow.id)
    groups: dict[_Group, list[NoticeRow]] = {}
    for notice in session.scalars(query.limit(LIMIT)).all():
        group = _Group(channel=notice.channel, county=notice.county, rule=notice.rule, event=notice.event)
        groups.setdefault(group, []).append(notice)
    channels = {channel.name: channel for channel in policy.channels}
    posted = 0
    for group, notices in groups.items():
        if not _is_due(session, policy, group, notices, now=now):
            continue
        kept = [notice for notice in notices if _kept(session, notice, reasons)]
        if group.channel not in channels:
            _mark(kept, DROPPED, "no such channel")
        elif kept:
            _post(session, policy, channels[group.channel], group, kept, name_of, now=now, wall=wall)
            posted += 1
    session.flush()
    return posted


def _is_due(session: Session, policy: Policy, group: _Group, notices: Sequence[NoticeRow], *, now: datetime) -> bool:
    if now < min(notice.not_before for notice in notices) + policy.grouping.wait:
        return False
    if any(notice.severity == SEVERITIES[-1] for notice in notices):
        return True
    last = session.get(NoticeGroupRow, group.key)
    return last is None or now >= last.sent_at + policy.grouping.interval


def _kept(session: Session, notice: NoticeRow, reasons: "_Reasons") -> bool:
    """Whether it is to be told; if not, what becomes of it is written down."""
    alert = session.get_one(AlertRow, notice.alert_id)
    if (why := reasons.against(alert)) is not None:
        _mark([notice], WITHHELD, why)
        return False
    if notice.event == OVER and not _told(session, notice):
        _mark([notice], DROPPED, "untold")
        return False
    if notice.not_before > notice.at and alert.ended_by_data is not None and notice.event in RAISING:
        _mark([notice], DROPPED, "flapping")
        return False
    return True


def _told(session: Session, notice: NoticeRow) -> bool:
    """Whether the channel has heard, or may yet hear at its next turn, that there is such an alert."""
    told = select(NoticeRow.id).where(
        NoticeRow.alert_id == notice.alert_id,
        NoticeRow.channel == notice.channel,
        NoticeRow.event != OVER,
        (NoticeRow.state == POSTED) | ((NoticeRow.state == PENDING) & (NoticeRow.not_before == NoticeRow.at)),
    )
    return session.scalars(told.limit(1)).first() is not None


def _mark(notices: Sequence[NoticeRow], state: str, why: str) -> None:
    for notice in notices:
        notice.state, notice.why = state, why


def _release(session: Session, reasons: "_Reasons", *, now: datetime) -> None:
    """What was held back and has no reason to be any more: the last word on each open alert is told, the rest not."""
    query = select(NoticeRow).where(NoticeRow.state == WITHHELD).order_by(NoticeRow.id.desc()).limit(LIMIT)
    seen: set[tuple[str, str]] = set()
    for notice in session.scalars(query).all():
        alert = session.get_one(AlertRow, notice.alert_id)
        if (why := reasons.against(alert)) is not None:
            notice.why = why
            continue
        about = (notice.alert_id, notice.channel)
        if about in seen:
            _mark([notice], DROPPED, "superseded")
        elif alert.state != "raised" or alert.ended_by_data is not None:
            _mark([notice], DROPPED, "over")
        else:
            notice.state, notice.why, notice.at, notice.not_before = PENDING, "", now, now
        seen.add(about)
    session.flush()


def _post(
    session: Session,
    policy: Policy,
    channel: Channel,
    group: _Group,
    notices: Sequence[NoticeRow],
    name_of: NameOf,
    *,
    now: datetime,
    wall: datetime,
) -> None:
    messages = [_message(session, notice) for notice in notices]
    severity = worst(*(message.severity for message in messages))
    if len(messages) == 1:
        event_id = messages[0].event_id
        text = text_for(messages[0], language=channel.language, name_of=name_of)
    else:
        event_id = f"group:{digest_of(sorted(message.event_id for message in messages))}"
        text = group_text(
            messages, severity=severity, language=channel.language, name_of=name_of, listed=policy.grouping.listed
        )
    payload = canonical(
        {
            "event_id": event_id,
            "county": group.county,
            "event": group.event,
            "kind": "alert",
            "id": messages[0].id,
            "ids": [message.id for message in messages],
            "severity": severity,
            "title": text.title,
            "body": text.body,
        }
    )
    letter = f"{event_id}:{outbox.CHANNEL}{channel.name}"
    destination = f"{outbox.CHANNEL}{channel.name}"
    outbox.post(session, destination=destination, address=group.county, payload=payload, dedupe_key=letter, at=wall)
    for notice in notices:
        notice.state, notice.why, notice.letter = POSTED, "", letter
    last = session.get(NoticeGroupRow, group.key)
    if last is None:
        session.add(NoticeGroupRow(key=group.key, sent_at=now))
    else:
        last.sent_at = now


def _message(session: Session, notice: NoticeRow) -> AlertMessage:
    """The event as it was, with what the data have said since then of the alert's end."""
    message = msgspec.json.decode(notice.line, type=AlertMessage)
    return replace(message, to=session.get_one(AlertRow, notice.alert_id).ended_by_data)


class _Reasons:
    """Why something is not told at this moment."""

    def __init__(self, session: Session, policy: Policy, now: datetime) -> None:
        rows = session.scalars(select(SilenceRow).where(SilenceRow.starts_at <= now, SilenceRow.ends_at > now)).all()
        self._silences = [(row.id, silence) for row in rows if (silence := silence_of(row)).holds(now)]
        self._inhibitions = policy.inhibitions
        rules = {rule for inhibition in policy.inhibitions for rule in inhibition.source.rules}
        lasting = select(AlertRow).where(AlertRow.ended_by_data.is_(None), AlertRow.state != "closed")
        if all(inhibition.source.rules for inhibition in policy.inhibitions):
            lasting = lasting.where(AlertRow.rule.in_(rules))
        self._sources: dict[str, list[tuple[str, str, str]]] = {}
        for row in session.scalars(lasting) if policy.inhibitions else ():
            self._sources.setdefault(row.county, []).append((row.id, row.rule, subject_kind(row)))

    def against(self, alert: AlertRow) -> str | None:
        """The first reason not to tell of this alert; None: there is none."""
        outlet = str(alert.subject.get("outlet", ""))
        for id_, silence in self._silences:
            if silence.covers(county=alert.county, outlet=outlet, rule=alert.rule):
                return f"{SILENCED}:{id_}"
        subject = subject_kind(alert)
        for inhibition in self._inhibitions:
            if not inhibition.target.matches(rule=alert.rule, subject=subject):
                continue
            for id_, rule, kind in self._sources.get(alert.county, ()):
                if id_ != alert.id and inhibition.source.matches(rule=rule, subject=kind):
                    return f"{INHIBITED}:{id_}"
        return None


def subject_kind(alert: AlertRow) -> str:
    """``outlet``, ``county`` or what else the alert is about."""
    return next(iter(alert.subject), "")


def silence_of(row: SilenceRow) -> Silence:
    """The row as the rules see it."""
    return Silence(
        county=row.county,
        outlet=row.outlet,
        rule=row.rule,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        ended_at=row.ended_at,
    )
