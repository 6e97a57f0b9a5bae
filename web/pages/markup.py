"""Plain HTML elements, with what they show set as text and attributes, never as markup."""

from typing import TypeVar
from urllib.parse import quote, urlencode

from nicegui.element import Element
from nicegui.elements.mixins.text_element import TextElement

E = TypeVar("E", bound=Element)


def box(tag: str, classes: str = "", **attributes: str) -> Element:
    """An element that holds others; use it in a ``with``. ``data_label`` becomes ``data-label``."""
    return _dressed(Element(tag), classes, attributes)


def text(tag: str, content: str, classes: str = "", **attributes: str) -> TextElement:
    """An element that shows a text."""
    return _dressed(TextElement(tag=tag, text=content), classes, attributes)


def link(href: str, content: str, classes: str = "", **attributes: str) -> TextElement:
    """A link that shows a text."""
    return _dressed(TextElement(tag="a", text=content), classes, {"href": href, **attributes})


def _dressed(element: E, classes: str, attributes: dict[str, str]) -> E:
    if classes:
        element.classes(classes)
    for name, value in attributes.items():
        element.props[name.rstrip("_").replace("_", "-")] = value
    return element


def path(*parts: str, **query: str | int | None) -> str:
    """An address on this site, with all that comes from data encoded."""
    where = "/" + "/".join(quote(part, safe="") for part in parts)
    asked = urlencode({name: value for name, value in query.items() if value is not None})
    return f"{where}?{asked}" if asked else where


def say(element: TextElement, content: str) -> None:
    """Change a text, if it is another."""
    if element.text != content:
        element.set_text(content)


def dress(element: Element, classes: str) -> None:
    """Change the classes, if they are others."""
    if element.classes != classes.split():
        element.classes(replace=classes)


def place(element: Element, style: str) -> None:
    """Change the inline style, if it is another."""
    wanted = dict(part.split(":", 1) for part in style.split(";") if part)
    if dict(element.style) != wanted:
        element.style(replace=style)
