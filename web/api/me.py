"""Who asks, as the platform knows it."""

from fastapi import APIRouter, Request, Response

from people.roles import RIGHTS
from web.access import csrf
from web.access.asking import Asking
from web.api import shapes
from web.api.answers import answer
from web.problems import RESPONSES

router = APIRouter(tags=["people"], responses=RESPONSES)


@router.get("/me", summary="Who asks, and what they may do", response_model=shapes.Me)
async def me(person: Asking, request: Request) -> Response:
    """The person or machine that asks. A browser's session is also told the token that its writes need."""
    content = {
        "login": person.login,
        "name": person.name,
        "by": person.by,
        "role": person.role,
        "county": person.county,
        "rights": sorted(RIGHTS[person.role]),
    }
    if request.session.get("key") and not person.token:
        content["csrf_token"] = csrf.token_of(request.session)
    return answer(content)
