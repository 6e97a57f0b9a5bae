"""What answers look like, for the OpenAPI document. The answers themselves are written by the codec of the wire."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, Field

from alerts.desk_views import AttachmentView, NoticeView, ProposalView, SilenceView, WorkOrderView
from alerts.views import AlertView, CaseView, EventView
from emissions.hourly import Hour
from emissions.reading import Reading
from emissions.transmission import Rate
from web.redriving import Outcome
from web.views.account import Line

T = TypeVar("T")


class Items(BaseModel, Generic[T]):
    """A list."""

    items: list[T]


class Readings(Items[Reading]):
    """Readings, or with ``every`` their means by step."""

    every: str | None = None


class Rates(Items[Rate]):
    """Rates of one period."""

    period: str


class Hours(Items[Hour]):
    """Judged hours."""


class FindingShape(BaseModel):
    """A finding as it stands on the wire."""

    kind: str
    id: str
    rule: str
    subject: Mapping[str, str]
    from_: datetime = Field(alias="from")
    to: datetime | None
    severity: str
    county: str
    known_at: datetime
    evidence: Mapping[str, Any]
    revision: int = 0
    """Greater in each newer version; 0: without one."""


class Kept(Items[T], Generic[T]):
    """What this process keeps in memory of a topic."""

    total: int
    following: bool
    """Whether the topic is being read now."""


class Findings(Kept[FindingShape]):
    """Findings."""


class RefusedShape(BaseModel):
    """A refused line: as it stands on the wire, and what has become of it."""

    kind: str
    id: str
    reason: str
    mn: str
    received_at: datetime | None
    line: str
    detail: str
    outlet: str | None
    county: str | None
    refused_at: datetime
    times: int
    driven_at: datetime | None
    driven_by: str


class Quarantine(Kept[RefusedShape]):
    """Refused lines, and how many of each reason."""

    reasons: Mapping[str, int]


class OneRefused(BaseModel):
    """One refused line."""

    line: RefusedShape


class Redriven(Items[Outcome]):
    """What came of a redrive; the first lines one by one."""

    id: str | None
    dry_run: bool
    examined: int
    accepted: int
    refused: Mapping[str, int]
    derived: int
    more: bool


class Owner(BaseModel):
    """The enterprise that owns an outlet."""

    id: str
    name: str
    industry: str | None


class OutletShape(BaseModel):
    """An outlet of the register."""

    id: str
    name: str
    mn: str
    enterprise: Owner
    county: str
    city: str
    category: str
    standard: str
    height_m: float | None
    reference_o2_pct: float | None
    pollutants: list[str]
    permits_mg_m3: Mapping[str, float]
    spans: Mapping[str, float]
    minute_interval: int
    connected_from: datetime | None
    must_monitor: bool
    last_received_at: datetime | None


class OutletWithRates(OutletShape):
    """An outlet with its rates of the current month."""

    rates: list[Rate]


class Counts(BaseModel):
    """``due = excluded + expected``, ``expected = missing + received``, ``received = invalid + valid``."""

    due: int
    excluded: int
    expected: int
    missing: int
    received: int
    invalid: int
    valid: int


class Reason(BaseModel):
    """Hours of one state and reason."""

    state: str
    reason: str
    count: int


class Part(BaseModel):
    """What one subject of the level below adds."""

    level: str
    id: str
    due: int
    excluded: int
    expected: int
    received: int
    valid: int
    effective_pct: float | None


class ExplainedHour(BaseModel):
    """One hour as the rate counts it."""

    counted_as: str
    counted_reason: str
    rule: str | None
    hour: Hour


class Explained(BaseModel):
    """A rate, counted again hour by hour."""

    level: str
    id: str
    window: str
    period: str
    track: str
    rate: Rate | None
    adds_up: bool
    changed_since: int
    counts: Counts
    reasons: list[Reason]
    parts: list[Part]
    total: int
    offset: int
    hours: list[ExplainedHour]


class OneAlert(BaseModel):
    """One alert."""

    alert: AlertView


class OneCase(BaseModel):
    """One case."""

    case: CaseView


class AlertWithEvents(OneAlert):
    """One alert and all that happened to it."""

    events: list[EventView]


class CaseWithEvents(OneCase):
    """One case and all that happened to it."""

    events: list[EventView]


class OneProposal(BaseModel):
    """One proposed step."""

    proposal: ProposalView


class ProposalWithEvents(OneProposal):
    """One proposed step and all that happened to it."""

    events: list[EventView]


class OneWorkOrder(BaseModel):
    """One work order."""

    work_order: WorkOrderView


class WorkOrderWithEvents(OneWorkOrder):
    """One work order and all that happened to it."""

    events: list[EventView]


class ShareShape(BaseModel):
    """So many of so many; ``pct`` is null where there were none."""

    of: int
    done: int
    in_time: int
    pct: float | None


class OrderRatesShape(BaseModel):
    """工单办结率 and 运维任务完成率 of one month."""

    period: str
    county: str | None
    closing: ShareShape
    maintenance: ShareShape


class OneSilence(BaseModel):
    """One silence."""

    silence: SilenceView


class Attachments(Items[AttachmentView]):
    """Attached files."""


class OneAttachment(BaseModel):
    """One attached file."""

    attachment: AttachmentView


class Notices(Items[NoticeView]):
    """Notices of an alert, and the silences that are in force for it."""

    silences: list[SilenceView]


class Cause(BaseModel):
    """A cause that a verification may name."""

    id: str
    zh: str
    en: str


class Causes(Items[Cause]):
    """Causes."""


class MarkShape(BaseModel):
    """A mark as it stands on the wire."""

    kind: str
    id: str
    outlet: str
    mn: str
    mark: str
    from_: datetime = Field(alias="from")
    to: datetime
    entered_at: datetime
    by: str
    note: str
    revoked: bool


class OneMark(BaseModel):
    """One mark; the line that took it back where it is revoked."""

    mark: MarkShape
    revoked: bool


class Marks(Items[OneMark]):
    """Marks."""


class FrameShape(BaseModel):
    """One frame of the feed, the logger's password hidden."""

    received_at: datetime
    gateway: str
    raw: str
    password_hidden: bool
    cn: str
    data_time: datetime | None
    qn: str
    values: Mapping[str, Mapping[str, str]]


class Frames(Items[FrameShape]):
    """Frames behind one reading."""


class Account(Items[Line]):
    """The conservation account."""

    from_: datetime = Field(alias="from")
    to: datetime
    total: Mapping[str, int | Mapping[str, int]]


class Clock(BaseModel):
    """What the platform takes for now."""

    now: datetime
    simulated: bool


class Me(BaseModel):
    """Who asks, as the platform knows it."""

    login: str
    name: str
    by: str
    """How whoever asks stands in logs and time lines."""
    role: str
    county: str | None
    """The only county that is seen; null: the whole city."""
    rights: list[str]
    csrf_token: str | None = None
    """Of a browser's session: what its writes send as ``X-CSRF-Token``."""
