"""What people read: title and body of every notice, in Chinese and English, with the numbers that explain it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from alerts.findings_in_words import FINDINGS, Evidence, Explain, Lines, NameOf
from alerts.messages import AlertMessage, CaseMessage, DeskMessage, Message
from alerts.transition import MACHINES
from emissions.beijing import to_beijing

LANGUAGES = ("zh", "en")

EVENTS: Mapping[str, tuple[str, str]] = {
    "raised": ("新报警", "new alert"),
    "grew": ("报警持续", "alert grows"),
    "worsened": ("报警加重", "alert has become more severe"),
    "ended": ("数据显示已结束，仍待人工处理", "ended by data, still to be closed"),
    "resumed": ("数据显示再次出现", "the data show it again"),
    "reopened": ("关闭后数据仍在继续，重新报警", "raised again: the data go on after closing"),
    "acknowledged": ("已确认", "acknowledged"),
    "acknowledgement_expired": ("确认已过期，需重新确认", "acknowledgement expired, acknowledge again"),
    "escalated": ("逾期未处理，升级", "deadline missed, escalated"),
    "reminded": ("逾期未处理，再次提醒", "deadline missed, reminder"),
    "verified": ("已核实", "verified"),
    "rectified": ("已整改", "rectified"),
    "closed": ("已关闭", "closed"),
    "eased": ("报警减轻", "alert has become less severe"),
    "assigned": ("已指派", "assigned"),
    "commented": ("备注", "comment"),
    "attached": ("添加附件", "file attached"),
    "opened": ("挂牌督办", "county put under supervision"),
    "evidence_joined": ("新增督办依据", "further month added"),
    "evidence_updated": ("督办依据更新", "evidence updated"),
    "rectifying": ("整改中", "rectification begun"),
    "clearance_requested": ("申请销号", "clearance requested"),
    "verifying": ("核查中", "verification begun"),
    "returned": ("核查退回", "returned to rectification"),
    "cleared": ("已销号", "cleared"),
    "proposed": ("建议采取措施", "step proposed"),
    "grounds_joined": ("新增超标依据", "further exceedance added"),
    "confirmed": ("已确认采取", "step taken"),
    "declined": ("不予采取", "step declined"),
    "ordered": ("已派工单", "work ordered"),
    "done": ("已完成，待验收", "reported as done"),
    "cancelled": ("已取消", "cancelled"),
    "silenced": ("通知静默", "notices silenced"),
    "silence_ended": ("静默结束", "silence ended"),
}
STEPS: Mapping[str, tuple[str, str]] = {
    "fine_at_once": ("即超即罚", "fine at once"),
    "rectify_at_once": ("立行立改", "rectify at once"),
    "stop_to_rectify": ("停产整治", "stop production to rectify"),
    "daily_fine": ("按日计罚", "fine by the day"),
    "close_down": ("关闭", "close down"),
}
ORDER_KINDS: Mapping[str, tuple[str, str]] = {
    "maintenance": ("运维", "maintenance"),
    "repair": ("维修", "repair"),
}
LEVELS: Mapping[str, tuple[str, str]] = {
    "county_inspector": ("县级监察员", "county inspector"),
    "county_head": ("县级负责人", "county head"),
    "city_supervisor": ("市级", "city supervisor"),
}
MEASURES: Mapping[str, tuple[str, str]] = {
    "none": ("无", "none"),
    "preliminary_notice": ("预警通知", "preliminary notice"),
    "interview": ("约谈", "interview"),
}
SEVERITIES: Mapping[str, tuple[str, str]] = {
    "info": ("提示", "info"),
    "warning": ("警告", "warning"),
    "severe": ("严重", "severe"),
}
TRIGGERS: Mapping[str, tuple[str, str]] = {
    "rate": ("有效传输率低于 90%", "effective transmission rate below 90 %"),
    "exceeding": ("当月多家企业超标", "several enterprises over the limit in one month"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A notice as people read it."""

    title: str
    body: str


def text_for(message: Message, *, language: str, name_of: Callable[[str], str] = lambda code: code) -> Text:
    """Title and body of an event. Evidence of an unknown shape is left out; words never hold up an alert.

    Args:
        message: The event.
        language: ``zh`` or ``en``.
        name_of: What people call an outlet or an enterprise.
    """
    say = in_language(language)
    match message:
        case AlertMessage():
            return _alert(message, say, name_of)
        case CaseMessage():
            return _case(message, say, name_of)
        case _:
            return _desk(message, say, name_of)


Say = Callable[[tuple[str, str]], str]


def in_language(language: str) -> Say:
    """Picks of a Chinese and an English text the one to be read."""
    index = LANGUAGES.index(language) if language in LANGUAGES else 0
    return lambda pair: pair[index]


def _alert(message: AlertMessage, say: Say, name_of: NameOf) -> Text:
    headline, explain = FINDINGS.get(message.rule, ((message.rule, message.rule), _unexplained))
    name = message.subject_name
    title = f"[{word(SEVERITIES, message.severity, say)}] {say(headline)}: {name} ({word(EVENTS, message.event, say)})"
    lines = [say(line) for line in _tolerant(explain, message.evidence, name_of)]
    lines += [
        say(("自 ", "from "))
        + moment(message.from_)
        + (say((" 至 ", " to ")) + moment(message.to) if message.to else ""),
        say(("负责：", "answers: ")) + word(LEVELS, message.level, say),
    ]
    lines += _ending(message, say)
    return Text(title=title, body="\n".join(lines))


def _case(message: CaseMessage, say: Say, name_of: NameOf) -> Text:
    title = f"{word(EVENTS, message.event, say)}: {message.county_name} ({word(TRIGGERS, message.trigger, say)})"
    lines = []
    rule = {"rate": "rate_below_90", "exceeding": "several_exceeding"}.get(message.trigger, "")
    explain = FINDINGS[rule][1] if rule else _unexplained
    for period, evidence in message.evidence.items():
        lines.append(f"{period}:")
        lines += [f"  {say(line)}" for line in _tolerant(explain, evidence, name_of)]
    if message.measure != "none":
        lines.append(say(("已采取：", "measure: ")) + word(MEASURES, message.measure, say))
    lines += _ending(message, say)
    return Text(title=title, body="\n".join(lines))


def _desk(message: DeskMessage, say: Say, name_of: NameOf) -> Text:
    content, event = message.content, word(EVENTS, message.event, say)
    lines = [say(("区县：", "county: ")) + name_of(message.county)] if message.county else []
    what = str(content.get("title", ""))
    if message.kind == "proposal":
        what = word(STEPS, str(content.get("step", "")), say)
        grounds = content.get("grounds", {})
        hours = sum(int(ground.get("hours", 0)) for ground in grounds.values())
        lines.append(
            say(
                (
                    f"依据：{len(grounds)} 起超标，共 {hours} 小时；须人工核实后决定",
                    f"grounds: {len(grounds)} exceedances, {hours} hours; a person decides after looking at them",
                )
            )
        )
    elif message.kind == "work_order":
        lines.append(say(("类型：", "kind: ")) + word(ORDER_KINDS, str(content.get("kind", "")), say))
        if assignee := str(content.get("assignee", "")):
            lines.append(say(("执行人：", "to be done by: ")) + assignee)
    lines.append(say(("负责：", "answers: ")) + word(LEVELS, message.level, say))
    lines += _ending(message, say)
    return Text(title=f"{event}: {message.subject_name} ({what})", body="\n".join(lines))


def _unexplained(_evidence: Evidence, _name_of: NameOf) -> Lines:
    return []


def _ending(message: Message, say: Say) -> list[str]:
    lines = []
    if message.deadline is not None:
        lines.append(say(("处理时限：", "act before: ")) + moment(message.deadline))
    if message.by not in MACHINES:
        lines.append(say(("经办：", "by: ")) + (f"{message.by}: {message.reason}" if message.reason else message.by))
    lines.append(say(("编号：", "id: ")) + message.id)
    return lines


def _tolerant(explain: Explain, evidence: Evidence, name_of: NameOf) -> Lines:
    try:
        return explain(evidence, name_of)
    except (LookupError, TypeError, ValueError, AttributeError):
        return [("依据见系统页面", "evidence: see its page")]


def word(words: Mapping[str, tuple[str, str]], key: str, say: Say) -> str:
    """What people call something; its own name where nobody has a word for it."""
    return say(words.get(key, (key, key)))


def moment(at: datetime) -> str:
    """A moment in Beijing time, to the minute."""
    return to_beijing(at).strftime("%Y-%m-%d %H:%M")
