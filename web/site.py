"""The whole application: the interface, and the pages on the same server."""

import asyncio
from collections.abc import Sequence
from typing import Annotated

from fastapi import FastAPI, Query, Request, Response
from fastapi.responses import RedirectResponse
from nicegui import app as pages_app
from nicegui import ui

from web.access.asking import person_of
from web.access.configured import Access
from web.access.doors import local
from web.access.sockets import guard_live_pages
from web.api_docs import ASSETS
from web.app import Task, build_api
from web.pages import board, county, explain, frame, me, outlet, packets, people, reports
from web.pages.desk_routes import add_desk_pages
from web.pages.remembered_signatures import remember_signatures
from web.sources import Sources
from web.wording import LANGUAGES

_YEAR_SECONDS = 366 * 86_400


def build_site(
    sources: Sources, access: Access, *, beside: Sequence[Task] = (), closing: Sequence[Task] = ()
) -> FastAPI:
    """The interface and the pages; see ``build_api``. Once in a process: the pages' framework keeps one site."""
    app = build_api(sources, access, beside=beside, closing=closing)
    add_pages(app, sources, access)
    return app


def add_pages(app: FastAPI, sources: Sources, access: Access) -> None:
    """Serve the pages from this application, at every path that the interface does not have."""

    def seen(request: Request) -> Sources:
        """What the reader of a page may see: pages are given this, never ``sources``."""
        return sources.seen_by(person_of(request).county)

    @app.get("/language/{language}", include_in_schema=False)
    async def choose_language(request: Request, language: str, back: Annotated[str, Query()] = "/") -> Response:
        reply = RedirectResponse(local(back), status_code=303)
        if language in LANGUAGES:
            reply.set_cookie("lang", language, max_age=_YEAR_SECONDS, samesite="lax", httponly=True)
            person = request.state.person
            if person is not None and person.id is not None and not person.token and person.language != language:
                await asyncio.to_thread(access.desk.choose_language, person, language)
        return reply

    ui.run_with(
        app,
        title="Stackwatch",
        tailwind=False,
        show_welcome_message=False,
        favicon=(ASSETS / "favicon.svg").read_text(),
    )
    pages_app.on_page_exception(frame.broken)
    guard_live_pages()
    remember_signatures()
    style = (ASSETS / "stackwatch.css").stat().st_mtime_ns
    ui.add_head_html(f'<link rel="stylesheet" href="{frame.STYLE_PATH}?{style}">', shared=True)

    @frame.page("/")
    async def _board(request: Request, sort: str = "rate") -> None:
        await board.board_page(seen(request), request, sort)

    @frame.page("/counties/{code}")
    async def _county(request: Request, code: str) -> None:
        await county.county_page(seen(request), request, code)

    @frame.page("/outlets/{outlet_id}")
    async def _outlet(request: Request, outlet_id: str, days: str = "3") -> None:
        await outlet.outlet_page(seen(request), request, outlet_id, days)

    @frame.page("/outlets/{outlet_id}/packets")
    async def _packets(request: Request, outlet_id: str) -> None:
        await packets.packets_page(seen(request), request, outlet_id)

    @frame.page("/explain")
    async def _explain(request: Request) -> None:
        await explain.explain_page(seen(request), request)

    @frame.page("/reports")
    async def _reports(request: Request, period: str = "") -> None:
        await reports.reports_page(seen(request), request, period)

    add_desk_pages(seen)

    @frame.page("/me")
    async def _me(request: Request) -> None:
        await me.me_page(seen(request), request, access.desk)

    @frame.page("/people")
    async def _people(request: Request) -> None:
        await people.people_page(seen(request), request, access.desk)

    @frame.page("/{path:path}")
    async def _nothing(request: Request, path: str) -> None:
        frame.not_found(seen(request), request, f"/{path}")
