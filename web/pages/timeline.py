"""What happened to an alert or a case, oldest first."""

from collections.abc import Mapping, Sequence

from alerts.transition import MACHINES
from alerts.views import EventView
from web import figures
from web.pages.markup import box, text
from web.said import event_detail, term
from web.wording import Wording


def timeline(
    words: Wording, events: Sequence[EventView], *, causes: Mapping[str, tuple[str, str]] | None = None
) -> None:
    """A list of events; what people did stands out from what data and deadlines did. ``causes``: their names."""
    with box("ol", "timeline", aria_label=words("alerts.timeline")):
        for event in events:
            person = event.by not in MACHINES
            with box("li", "person" if person else ""):
                text("time", figures.day_time(event.at))
                text("span", term("event", event.name, words), "what")
                text("span", event.by if person else words.of("actor", event.by))
                if person and event.reason:
                    text("span", event.reason, "note")
                if detail := event_detail(event, words, causes or {}):
                    text("span", detail, "note")
