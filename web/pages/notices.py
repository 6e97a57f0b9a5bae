"""What became of an alert's notices: by channel, with the last attempt's error; and the silences over it."""

from collections.abc import Sequence

from alerts.desk_views import NoticeView, SilenceView
from web import figures
from web.pages.markup import box, text
from web.said import term
from web.wording import Wording


def notices_panel(words: Wording, told: Sequence[NoticeView], silences: Sequence[SilenceView]) -> None:
    """A list, newest first."""
    text("h2", words("desk.notices"))
    for silence in silences:
        said = words("desk.silenced", until=figures.minute(silence.ends_at), reason=silence.reason)
        text("p", f"{said} ({silence.author})", "hint")
    if not told:
        text("p", words("desk.no_notices"), "hint")
        return
    with box("ul", "list notices"):
        for one in reversed(told):
            with box("li", "file"):
                text("span", f"{figures.day_time(one.at)} · {one.channel} · {term('event', one.event, words)}")
                delivered = any(attempt.delivered for attempt in one.attempts)
                text("span", words.of("notice_state", one.state), "badge ok" if delivered else "badge")
                if one.why:
                    text("span", one.why, "note")
                if one.attempts:
                    last = one.attempts[-1]
                    said = words("desk.attempts", count=len(one.attempts))
                    text("span", f"{said} · {figures.day_time(last.at)} {last.error}".strip(), "note")
