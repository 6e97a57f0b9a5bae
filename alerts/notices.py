"""Notices between an event and the outbox: they wait for others of their kind, are held back, or are dropped as idle.

Every decision is made when a notice is due, not when its event happens: by then the outage of a county may be known
that its outlets' silences are part of. A notice that is held back is looked at again, and told when its reason is gone
and its alert still waits. Whatever is decided stands in the row.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session

from alerts import outbox
from alerts.audit import canonical, digest_of
from alerts.database import AlertEventRow, AlertRow
from alerts.desk_tables import NoticeGroupRow, NoticeRow
from alerts.group_wording import group_text
from alerts.holding_back import Reasons, gone
from alerts.messages import AlertMessage
from alerts.names import NameOf
from alerts.policy import Policy
from alerts.routing import Channel
from alerts.severities import SEVERITIES, worst
from alerts.wording import text_for

PENDING, POSTED, WITHHELD, DROPPED = "pending", "posted", "withheld", "dropped"
RAISING = frozenset({"raised", "resumed", "reopened"})
"""Events that say: it is there (again). What flaps is counted by these."""
OVER = "ended"
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


def waiting(session: Session, policy: Policy, *, now: datetime) -> bool:
    """Whether ``settle`` has anything to do. Cheap, and takes no lock."""
    if _due(session, policy, now=now):
        return True
    reasons = session.scalars(select(NoticeRow.why).where(NoticeRow.state == WITHHELD).distinct()).all()
    return any(gone(session, why, now) for why in reasons)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Group:
    channel: str
    county: str
    rule: str
    event: str

    @property
    def key(self) -> str:
        return canonical([self.channel, self.county, self.rule, self.event])

    def members(self, now: datetime) -> list[ColumnElement[bool]]:
        """What a notice of the group, that may be told now, has to be."""
        return [
            NoticeRow.state == PENDING,
            NoticeRow.not_before <= now,
            NoticeRow.channel == self.channel,
            NoticeRow.county == self.county,
            NoticeRow.rule == self.rule,
            NoticeRow.event == self.event,
        ]


def settle(session: Session, policy: Policy, name_of: NameOf, *, now: datetime, wall: datetime) -> int:
    """Tell what is due, hold back what is silenced or inhibited; returns how many letters went into the outbox."""
    reasons = Reasons(session, policy, now)
    _release(session, reasons, now=now)
    channels = {channel.name: channel for channel in policy.channels}
    posted = 0
    for group in _due(session, policy, now=now):
        query = select(NoticeRow).where(*group.members(now)).order_by(NoticeRow.id).limit(LIMIT)
        notices = session.scalars(query).all()
        kept = _last_of_each([notice for notice in notices if _kept(session, notice, reasons)])
        if group.channel not in channels:
            _mark(kept, DROPPED, "no such channel")
        elif kept:
            _post(session, policy, channels[group.channel], group, kept, name_of, now=now, wall=wall)
            posted += 1
    session.flush()
    return posted


def _due(session: Session, policy: Policy, *, now: datetime) -> list[_Group]:
    """Groups that have waited long enough, for others and since the last of their kind; the oldest first."""
    severe = func.max(case((NoticeRow.severity == SEVERITIES[-1], 1), else_=0))
    oldest = func.min(NoticeRow.not_before, type_=NoticeRow.not_before.type)
    query = (
        select(NoticeRow.channel, NoticeRow.county, NoticeRow.rule, NoticeRow.event, oldest, severe)
        .where(NoticeRow.state == PENDING, NoticeRow.not_before <= now - policy.grouping.wait)
        .group_by(NoticeRow.channel, NoticeRow.county, NoticeRow.rule, NoticeRow.event)
    )
    due = []
    for channel, county, rule, event, since, hurry in session.execute(query):
        group = _Group(channel=channel, county=county, rule=rule, event=event)
        last = session.get(NoticeGroupRow, group.key)
        if hurry or last is None or now >= last.sent_at + policy.grouping.interval:
            due.append((since, group))
    return [group for _, group in sorted(due, key=lambda pair: (pair[0], pair[1].key))]


def _kept(session: Session, notice: NoticeRow, reasons: Reasons) -> bool:
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


def _last_of_each(notices: Sequence[NoticeRow]) -> list[NoticeRow]:
    """The newest notice of each alert, in their order; an older one has nothing to add."""
    last = {notice.alert_id: notice for notice in notices}
    kept = [notice for notice in notices if last[notice.alert_id] is notice]
    _mark([notice for notice in notices if last[notice.alert_id] is not notice], DROPPED, "superseded")
    return kept


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


def _release(session: Session, reasons: Reasons, *, now: datetime) -> None:
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
