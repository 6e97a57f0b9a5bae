"""One notice for many alerts: it names all of them."""

from collections import Counter
from collections.abc import Sequence

from alerts.findings_in_words import FINDINGS, NameOf
from alerts.messages import AlertMessage
from alerts.wording import EVENTS, SEVERITIES, Text, in_language, moment, word


def group_text(messages: Sequence[AlertMessage], *, severity: str, language: str, name_of: NameOf, listed: int) -> Text:
    """Title and body for several alerts of one county, rule and event.

    Args:
        messages: The events, at least one.
        severity: The worst of them.
        language: ``zh`` or ``en``.
        name_of: What people call the county.
        listed: At most so many are named, the others are counted.
    """
    say = in_language(language)
    first = messages[0]
    headline = FINDINGS[first.rule][0] if first.rule in FINDINGS else (first.rule, first.rule)
    county, count = name_of(first.county), len(messages)
    title = (
        f"[{word(SEVERITIES, severity, say)}] {say(headline)}: {county} × {count} ({word(EVENTS, first.event, say)})"
    )
    names = sorted(Counter(message.subject_name for message in messages).items())
    lines = [
        say((f"{county} 共 {count} 条，涉及：", f"{county}, {count} alerts, about:")),
        *(f"- {name} × {times}" if times > 1 else f"- {name}" for name, times in names[:listed]),
    ]
    if (more := len(names) - listed) > 0:
        lines.append(say((f"等 {len(names)} 个", f"and {more} more")))
    begun = [message.from_ for message in messages]
    span = (moment(min(begun)), moment(max(begun)))
    lines.append(say(("自 ", "from ")) + (span[0] if span[0] == span[1] else f"{span[0]} – {span[1]}"))
    deadlines = [message.deadline for message in messages if message.deadline is not None]
    if deadlines:
        lines.append(say(("最早处理时限：", "act before: ")) + moment(min(deadlines)))
    return Text(title=title, body="\n".join(lines))
