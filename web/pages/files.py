"""Files attached to an alert, a case or a work order: listed, handed out as downloads, added with their limits."""

import asyncio
import json
from collections.abc import Awaitable, Callable

from fastapi import Request
from nicegui.elements.mixins.text_element import TextElement
from nicegui.events import GenericEventArguments

from alerts.filing import Kind
from people.roles import Right
from web import figures
from web.access import csrf
from web.pages.acting import Actor
from web.pages.markup import box, dress, link, path, say, text
from web.sources import Sources
from web.wording import Wording

WHERE: dict[Kind, str] = {"alert": "alerts", "case": "cases", "work_order": "work-orders"}
"""Where a kind of thing stands in the interface."""

_SEND = """async (event) => {
  event.preventDefault();
  const form = event.target, file = form.elements.file.files[0];
  if (!file) return;
  const asked = new URLSearchParams({name: file.name});
  try {
    const reply = await fetch(ADDRESS + "?" + asked, {
      method: "POST", body: file, headers: {"Content-Type": file.type || "application/octet-stream", HEADER: TOKEN},
    });
    const said = reply.ok ? "" : (await reply.json()).detail;
    if (reply.ok) form.reset();
    emit({done: reply.ok, name: file.name, why: String(said)});
  } catch (error) {
    emit({done: false, name: file.name, why: String(error)});
  }
}"""


class FilesPanel:
    """The list of files, and the way to add one for whoever may."""

    def __init__(
        self,
        sources: Sources,
        words: Wording,
        actor: Actor,
        request: Request,
        kind: Kind,
        id_: str,
        county: str,
        *,
        changed: Callable[[], Awaitable[None]],
    ) -> None:
        """``changed`` shows the page anew: a file added is a change of what it is added to."""
        self._sources, self._words, self._kind, self._id = sources, words, kind, id_
        self._changed = changed
        self._shown: list[str] | None = None
        with box("section", "panel block"):
            text("h2", words("files.title"))
            self._list = box("ul", "list files")
            if actor.may(Right.ANSWER_ALERTS, county):
                self._form(request)

    def _form(self, request: Request) -> None:
        words, limits = self._words, self._sources.alerts.policy.attachments
        address = path("api", "v1", WHERE[self._kind], self._id, "attachments")
        script = _SEND.replace("ADDRESS", json.dumps(address)).replace("HEADER", json.dumps(csrf.HEADER))
        script = script.replace("TOKEN", json.dumps(csrf.token_of(request.session)))
        with box("form", "form panel-body") as form:
            with box("label", "field"):
                text("span", words("files.choose", most=f"{limits.largest / 1e6:g}"))
                box("input", "text", type="file", name="file", required="required", accept=",".join(limits.media_types))
            text("button", words("files.add"), "button plain", type="submit")
            said = text("p", "", "said", role="status")
        said.set_visibility(False)

        async def sent(event: GenericEventArguments) -> None:
            await self._sent(event.args if isinstance(event.args, dict) else {}, said)

        form.on("submit", sent, js_handler=script)

    async def _sent(self, came: dict[str, object], said: TextElement) -> None:
        words, done = self._words, bool(came.get("done"))
        named = str(came.get("name", ""))
        done_text = words("files.added", name=named)
        say(said, done_text if done else words("files.refused", name=named, why=str(came.get("why", ""))))
        dress(said, "said good" if done else "said bad")
        said.set_visibility(True)
        await self._changed()
        await self.renew()

    async def renew(self) -> None:
        """Read the list again."""
        found = await asyncio.to_thread(self._sources.alerts.files.all, self._kind, self._id)
        if (shown := [one.id for one in found]) == self._shown:
            return
        self._shown = shown
        self._list.clear()
        with self._list:
            for one in found:
                href = path("api", "v1", WHERE[self._kind], self._id, "attachments", one.id)
                with box("li", "file"):
                    link(href, one.name, download=one.name)
                    about = (
                        f"{figures.number(one.size / 1000, 1)} kB · {one.added_by} · {figures.day_time(one.added_at)}"
                    )
                    text("span", about, "note")
                    text("span", f"SHA-256 {one.sha256[:12]}…", "note", title=one.sha256)
            if not found:
                text("li", self._words("files.none"), "hint")
