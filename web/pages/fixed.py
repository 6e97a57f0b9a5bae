"""Pieces of a page that do not change by themselves, as one piece of HTML instead of an element for each part.

An element costs the server some fifty microseconds and stays in its memory as long as the page is open; a table of
fifty rows has hundreds of them. Every text and every attribute is escaped here, and only what this module made is taken
for HTML, so nothing that comes from data becomes markup.
"""

from collections.abc import Iterable

from markupsafe import Markup, escape
from nicegui import ui


def fixed(tag: str, content: str | Iterable[Markup] = "", classes: str = "", **attributes: str) -> Markup:
    """A piece of HTML around a text, or around pieces. ``data_label`` becomes ``data-label``."""
    inner = escape(content) if isinstance(content, str) else Markup("").join(content)
    named = {"class": classes, **attributes} if classes else attributes
    written = "".join(f' {name.rstrip("_").replace("_", "-")}="{escape(value)}"' for name, value in named.items())
    return Markup(f"<{tag}{written}>{inner}</{tag}>")  # noqa: S704 - all that stands in it is escaped above


def anchor(href: str, content: str, classes: str = "", **attributes: str) -> Markup:
    """A link that shows a text."""
    return fixed("a", content, classes, href=href, **attributes)


class Fixed:
    """An element of the page that holds fixed pieces; showing others replaces them."""

    def __init__(self, tag: str, pieces: Iterable[Markup] = (), classes: str = "") -> None:
        self.element = ui.html(Markup("").join(pieces), sanitize=False, tag=tag)
        if classes:
            self.element.classes(classes)

    def show(self, pieces: Iterable[Markup]) -> None:
        """Show these pieces, if they are others."""
        content = str(Markup("").join(pieces))
        if self.element.content != content:
            self.element.set_content(content)
