"""What every action over the interface has in common: its body, and how it is answered or refused."""

import asyncio
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Depends, Query, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from pydantic.json_schema import SkipJsonSchema

from alerts.repository import Incomplete, NotAllowed, NotFound
from alerts.transaction import NeverTaken
from web.api.answers import answer
from web.api.serving import sources_of
from web.problems import Problem, not_found, refused
from web.sources import Sources

Given = Annotated[Sources, Depends(sources_of)]
Name = SkipJsonSchema[Annotated[str, Field(min_length=1, max_length=200)] | None]
"""Not described, since nobody needs it: whoever asks is the one who acts. Another's name is refused."""
Note = Annotated[str, Field(max_length=4000)]
Limit = Annotated[int, Query(ge=1, le=5000)]
Offset = Annotated[int, Query(ge=0, le=10_000_000)]
Moment = Annotated[AwareDatetime, Field(description="With its offset, as 2026-11-24T08:00:00+08:00")]
CONFLICT: dict[int | str, dict[str, Any]] = {409: {"description": "Its state does not allow this"}}


class Action(BaseModel):
    """What a person does, and why or how. Who does it is whoever asks."""

    model_config = ConfigDict(extra="forbid")

    by: Name = None
    note: Note = ""
    version: Annotated[
        int | None, Field(ge=1, le=2**62, description="Refuse if it has changed since this version was read")
    ] = None


class Reasoned(Action):
    """An action that must be reasoned."""

    note: Annotated[str, Field(min_length=1, max_length=4000, pattern=r"\S")]


class Said(BaseModel):
    """A comment."""

    model_config = ConfigDict(extra="forbid")

    by: Name = None
    note: Annotated[str, Field(min_length=1, max_length=4000, pattern=r"\S")]


class Assignment(Action):
    """Who is to look into it, or to do it."""

    assignee: Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")]


async def done(what: str, id_: str, act: Callable[[], object], *, status: int = 200) -> Response:
    """Act in a thread and answer with what stands afterwards, or with why it was not done."""
    named = what.replace("_", " ")
    try:
        return answer({what: await asyncio.to_thread(act)}, status=status)
    except NotFound:
        raise not_found(named, id_) from None
    except NotAllowed as error:
        raise Problem(409, "Not allowed now", f"The {named} {error}.") from None
    except (Incomplete, NeverTaken, OverflowError) as error:
        raise refused("body", str(error)) from None
