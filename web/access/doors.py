"""Where people come in and go out: the log-in page, the log-out, and the way over the identity provider."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from people.person import Person
from people.roles import Unfit
from web.access import csrf
from web.access.asking import person_of
from web.access.configured import Access
from web.access.desk import Entered, LogInRefused
from web.access.gate import address_of
from web.access.language import language_of
from web.problems import Problem
from web.wording import LANGUAGES, wording

_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, auto_reload=False
)


def local(back: str) -> str:
    """A way back that stays on this site; the first page where it does not."""
    stays = back.startswith("/") and not back.startswith(("//", "/\\")) and back.isprintable()
    return back if stays else "/"


def let_in(request: Request, entered: Entered, back: str) -> Response:
    """Give the browser its session: a new one, with nothing of what it came with."""
    request.session.clear()
    request.session["key"] = entered.key
    csrf.token_of(request.session)
    reply = RedirectResponse("/me" if entered.person.must_change else local(back), status_code=303)
    if entered.person.language in LANGUAGES:
        reply.set_cookie("lang", entered.person.language, max_age=366 * 86_400, samesite="lax", httponly=True)
    return reply


def log_in_page(
    request: Request,
    access: Access,
    name_of: Callable[[str], str],
    *,
    back: str,
    login: str = "",
    failed: str = "",
    status: int = 200,
) -> Response:
    """The page, in the browser's language; it needs no script."""
    words = wording(language_of(request))
    other = "en" if words.language == "zh" else "zh"
    content = _templates.get_template("login.html").render(
        words=words,
        other=other,
        other_tag=LANGUAGES[other],
        here=request.url.path + (f"?{request.url.query}" if request.url.query else ""),
        token=csrf.token_of(request.session),
        back=local(back),
        login=login,
        failed=failed,
        provider=access.provider is not None,
        shown=access.shown_logins,
        name_of=name_of,
    )
    return HTMLResponse(content, status)


def doors(access: Access, name_of: Callable[[str], str]) -> APIRouter:
    """Routes of the log-in by name and password, and of the log-out."""
    router = APIRouter(include_in_schema=False)

    @router.get("/login")
    async def show(request: Request, back: Annotated[str, Query()] = "/") -> Response:
        if isinstance(request.state.person, Person):
            return RedirectResponse(local(back), status_code=303)
        return log_in_page(request, access, name_of, back=back)

    @router.post("/login")
    async def enter(
        request: Request,
        login: Annotated[str, Form(max_length=64)],
        password: Annotated[str, Form(max_length=256)],
        back: Annotated[str, Form()] = "/",
    ) -> Response:
        words = wording(language_of(request))
        limits, address = access.limits, address_of(request)
        wait = limits.hit(limits.log_ins_by_address, "log-in", address) or limits.hit(
            limits.log_ins_by_name, "log-in", login.strip().lower()
        )
        if not wait:
            try:
                entered = await asyncio.to_thread(access.desk.log_in, login, password, address=address)
            except LogInRefused as error:
                wait = int(error.wait.total_seconds()) + 1 if error.wait else 0
            else:
                await leave_old(access, request)
                return let_in(request, entered, back)
        failed = words("login.wait", seconds=wait) if wait else words("login.wrong")
        reply = log_in_page(
            request, access, name_of, back=back, login=login, failed=failed, status=429 if wait else 401
        )
        if wait:
            reply.headers["Retry-After"] = str(wait)
        return reply

    @router.post("/logout")
    async def leave(request: Request) -> Response:
        await leave_old(access, request)
        request.session.clear()
        return RedirectResponse("/login", status_code=303)

    @router.post("/me/password")
    async def change(
        request: Request,
        old: Annotated[str, Form(max_length=256)],
        new: Annotated[str, Form(max_length=1000)],
        again: Annotated[str, Form(max_length=1000)],
    ) -> Response:
        person = person_of(request)
        if person.id is None or person.token:
            raise Problem(403, "Not allowed", "A token changes no password.")
        if new != again:
            return RedirectResponse("/me?said=differ", status_code=303)
        try:
            entered = await asyncio.to_thread(
                access.desk.change_password, person, old=old, new=new, address=address_of(request)
            )
        except Unfit as error:
            return RedirectResponse(f"/me?unfit={error.key}", status_code=303)
        except LogInRefused as error:
            return RedirectResponse(f"/me?wait={int(error.wait.total_seconds()) + 1}", status_code=303)
        return let_in(request, entered, "/me?said=changed")

    return router


async def leave_old(access: Access, request: Request) -> None:
    """End the session that the browser came with, if it had one."""
    person, key = request.state.person, request.session.get("key")
    if isinstance(person, Person) and key:
        await asyncio.to_thread(access.desk.log_out, key, person)
