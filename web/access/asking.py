"""Who asks: the dependency of every route that must know it, and how a page finds out."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request
from starlette.requests import HTTPConnection

from people.person import Person, may
from people.roles import Right
from web.problems import Problem, refused


def unknown() -> Problem:
    """Nobody has logged in, or no token that counts was shown."""
    return Problem(401, "Not logged in", "Log in, or send a token as 'Authorization: Bearer …'.")


def not_yours(right: Right) -> Problem:
    """The role does not have the right."""
    return Problem(403, "Not allowed", f"Your role does not have the right {right.value!r}.")


def person_of(connection: HTTPConnection) -> Person:
    """Who asks, as the gate has found out. Raises the 401 problem where nobody does."""
    person = getattr(connection.state, "person", None)
    if not isinstance(person, Person):
        raise unknown()
    return person


async def asking(request: Request) -> Person:
    """The person or machine that asks."""
    return person_of(request)


Asking = Annotated[Person, Depends(asking)]
"""``person: Asking`` in a route: who asks. What they may see is already narrowed by ``sources_of``."""


def holding(right: Right) -> Callable[[Request], Awaitable[Person]]:
    """A dependency: who asks, if their role has the right; else 403. Whether the thing is theirs, says ``require``."""

    async def held(request: Request) -> Person:
        person = person_of(request)
        if not person.holds(right):
            raise not_yours(right)
        return person

    return held


Answering = Annotated[Person, Depends(holding(Right.ANSWER_ALERTS))]
Marking = Annotated[Person, Depends(holding(Right.ENTER_MARKS))]
Leading = Annotated[Person, Depends(holding(Right.LEAD))]
Handling = Annotated[Person, Depends(holding(Right.HANDLE_CASES))]
Clearing = Annotated[Person, Depends(holding(Right.CLEAR_CASES))]
Redriving = Annotated[Person, Depends(holding(Right.REDRIVE))]
Exporting = Annotated[Person, Depends(holding(Right.EXPORT))]
Managing = Annotated[Person, Depends(holding(Right.MANAGE_PEOPLE))]


def require(person: Person, right: Right, county: str | None) -> None:
    """Raise the 403 problem unless this person may do this to a thing of the county (None: of the whole city)."""
    if not may(person, right, county):
        raise not_yours(right)


def right_to_move(state: str) -> Right:
    """What it takes to move a case on from a state: a county that is supervised does not verify itself."""
    return Right.CLEAR_CASES if state in {"clearance_requested", "verifying"} else Right.HANDLE_CASES


def acting(person: Person, by: str | None) -> str:
    """The name that goes into logs: the asker's own. Raises the 422 problem for a body that names somebody else."""
    if by is not None and by.strip() not in {person.by, person.name, person.login}:
        raise refused("body/by", f"whoever asks is the one who acts, here {person.by!r}: leave 'by' out")
    return person.by
