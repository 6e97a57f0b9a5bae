"""Entering marks the way an enterprise does: over the platform's HTTP interface."""

import asyncio
import logging
from http import HTTPStatus
from itertools import chain, repeat

import httpx

from emissions.event import Mark

_log = logging.getLogger(__name__)

PATIENCE_S = 60.0
PAUSE_S = 0.2


class MarkRefused(Exception):
    """The platform will not have the mark; says why."""


class MarkDesk:
    """Posts marks to ``/api/v1/marks``. The same mark posted twice changes nothing, so a lost answer does no harm."""

    def __init__(self, url: str, *, token: str = "", patience_s: float = PATIENCE_S) -> None:
        """``url`` is the address of the platform's pages, such as ``http://127.0.0.1:8080``.

        Whoever holds the token enters the marks; who they are said to be by in a scenario is told in the note.
        """
        self._patience_s = patience_s
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._client = httpx.AsyncClient(base_url=url, timeout=10, trust_env=False, headers=headers)

    async def post(self, mark: Mark) -> None:
        """Return when the platform has the mark safely.

        Raises:
            MarkRefused: it said no, or did not answer for too long.
        """
        body = {
            "id": mark.id,
            "outlet": mark.outlet,
            "mark": mark.mark,
            "from": mark.from_.isoformat(),
            "to": mark.to.isoformat(),
            "note": f"{mark.by}: {mark.note}" if mark.note else mark.by,
        }
        try:
            async with asyncio.timeout(self._patience_s):
                for pause in chain([0.0], repeat(PAUSE_S)):
                    await asyncio.sleep(pause)
                    if await self._try(body):
                        return
        except TimeoutError as error:
            raise MarkRefused(
                f"mark {mark.id}: no answer from {self._client.base_url} for {self._patience_s:g} s"
            ) from error

    async def close(self) -> None:
        """Let go of connections."""
        await self._client.aclose()

    async def _try(self, body: dict[str, str]) -> bool:
        try:
            reply = await self._client.post("/api/v1/marks", json=body)
        except httpx.TransportError as error:
            _log.debug("mark %s: %s", body["id"], error)
            return False
        if reply.status_code in {HTTPStatus.OK, HTTPStatus.CREATED}:
            return True
        if reply.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR or reply.status_code == HTTPStatus.TOO_MANY_REQUESTS:
            return False
        raise MarkRefused(f"mark {body['id']}: {reply.status_code} {reply.text}")
