"""A form whose values come in one piece, that says what it did, or in words why it did not.

The browser checks what it can (required, lengths), sends everything at once on Enter or a button, and a button that
was pressed waits a moment, so that an impatient second press does nothing.
"""

import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager

from nicegui.element import Element
from nicegui.elements.mixins.text_element import TextElement
from nicegui.events import GenericEventArguments

from web.pages.frame import AWAY
from web.pages.markup import box, dress, say, text
from web.wording import Wording

log = logging.getLogger(__name__)

_SEND = """(event) => {
  event.preventDefault();
  const values = Object.fromEntries([...new FormData(event.target)].filter(([, value]) => typeof value === "string"));
  const button = event.submitter;
  if (button) {
    values.button = button.value;
    button.disabled = true;
    setTimeout(() => { button.disabled = false; }, 1000);
  }
  emit(values);
}"""

LONGEST = 4000
"""Characters of a longer text that are taken."""

Values = Mapping[str, str]


class Unable(Exception):
    """The action was not done; the text says why, in the reader's language."""


class Said:
    """The line that says what came of an action. It is spoken by readers of the screen when it changes."""

    def __init__(self) -> None:
        self._line: TextElement = text("p", "", "said", role="status")
        self._line.set_visibility(False)

    def tell(self, message: str, *, bad: bool = False) -> None:
        """Say something, or nothing."""
        dress(self._line, "said bad" if bad else "said good")
        say(self._line, message)
        self._line.set_visibility(bool(message))


class Form:
    """Fields, buttons, and the line that says what came of it."""

    def __init__(
        self,
        words: Wording,
        act: Callable[[Values], Awaitable[str]],
        *,
        classes: str = "form",
        said: Said | None = None,
    ) -> None:
        """A form with nothing in it yet.

        Args:
            words: The reader's language.
            act: Is given the fields by name (``button`` is the one pressed) and returns what was done, in words;
                raises ``Unable``.
            classes: How it looks.
            said: Where it is said what came of it, for a form that is gone when it has been done; else under the form.
        """
        self._words = words
        self._act = act
        self._form = box("form", classes)
        self._form.on("submit", self._submitted, js_handler=_SEND)
        with self._form:
            self._fields = box("div", "fields")
            self._buttons = box("div", "buttons")
            self._said = said or Said()

    @contextmanager
    def _field(self, label: str, hint: str, *, wide: bool) -> Iterator[None]:
        with self._fields, box("label", "field wide" if wide else "field"):
            text("span", label[:1].upper() + label[1:])
            yield
            if hint:
                text("span", hint, "note")

    def line(
        self,
        name: str,
        label: str,
        *,
        kind: str = "text",
        value: str = "",
        required: bool = False,
        hint: str = "",
        **attributes: str,
    ) -> None:
        """A field of one line; ``kind`` as HTML has it: ``text``, ``datetime-local``, ``date``."""
        needed = {"required": "required"} if required else {}
        with self._field(label, hint, wide=False):
            box("input", "text", type=kind, name=name, value=value, maxlength="200", **needed, **attributes)

    def area(self, name: str, label: str, *, required: bool = False, hint: str = "", rows: int = 3) -> None:
        """A field of several lines."""
        needed = {"required": "required"} if required else {}
        with self._field(label, hint, wide=True):
            box("textarea", "text", name=name, rows=str(rows), maxlength=str(LONGEST), **needed)

    def choice(
        self,
        name: str,
        label: str,
        options: Mapping[str, str],
        *,
        value: str = "",
        required: bool = False,
        hint: str = "",
    ) -> None:
        """One of several; an empty key is a choice that ``required`` does not take."""
        needed = {"required": "required"} if required else {}
        with self._field(label, hint, wide=False), box("select", "text", name=name, **needed):
            for key, shown in options.items():
                text("option", shown, value=key, **({"selected": "selected"} if key == value else {}))

    def check(self, name: str, label: str) -> None:
        """A box to be ticked; its value is ``yes`` when it is."""
        with self._fields, box("label", "field check"):
            box("input", type="checkbox", name=name, value="yes")
            text("span", label)

    def button(self, label: str, value: str = "", *, plain: bool = False) -> None:
        """A button that sends the form. ``value`` tells several apart."""
        with self._buttons:
            text("button", label, "button plain" if plain else "button", type="submit", value=value)

    @property
    def fields(self) -> Element:
        """Where fields stand, for what is no field of its own kind."""
        return self._fields

    def tell(self, message: str, *, bad: bool = False) -> None:
        """Say what came of it."""
        self._said.tell(message, bad=bad)

    async def _submitted(self, event: GenericEventArguments) -> None:
        given = event.args if isinstance(event.args, dict) else {}
        values = {str(name): str(value)[:LONGEST] for name, value in given.items()}
        try:
            done = await self._act(values)
        except Unable as error:
            self.tell(str(error), bad=True)
        except AWAY as error:
            log.warning("an action could not be done: %s", error)
            self.tell(self._words("state.unavailable"), bad=True)
        else:
            self.tell(done)
            if not self._form.is_deleted:
                self._form.run_method("reset")
