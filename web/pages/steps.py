"""The states of something as a row of steps, with those that are past and the one it stands at."""

from collections.abc import Sequence

from web.pages.markup import box, text
from web.wording import Wording


def steps(words: Wording, label: str, names: Sequence[tuple[str, str]], here: str) -> None:
    """A list of (state, its name); each says by a sign, not only by colour, how far things are."""
    at = next((index for index, (name, _) in enumerate(names) if name == here), -1)
    with box("ol", "steps", aria_label=f"{label}: {words('cases.steps')}"):
        for index, (_, shown) in enumerate(names):
            current = {"aria_current": "step"} if index == at else {}
            with box("li", "past" if index < at else "here" if index == at else "", **current):
                text("span", shown)
