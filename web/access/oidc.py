"""Log-in over the bureau's identity provider: OpenID Connect, authorization code with PKCE, checked by Authlib."""

import asyncio
import logging
from collections.abc import Callable
from typing import Annotated, Any

import httpx2
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.starlette_client import OAuth
from fastapi import APIRouter, Query, Request, Response
from joserfc.errors import JoseError

from web.access.configured import Access, Provider
from web.access.desk import LogInRefused
from web.access.doors import leave_old, let_in, local, log_in_page
from web.access.gate import address_of
from web.access.language import language_of
from web.wording import wording

log = logging.getLogger(__name__)

BACK = "/login/provider/back"
_WAY = "provider_way_back"


def provider_doors(access: Access, provider: Provider, name_of: Callable[[str], str]) -> APIRouter:
    """Routes of the way there and back."""
    router = APIRouter(include_in_schema=False)
    oauth = OAuth()
    oauth.register(
        "bureau",
        server_metadata_url=f"{provider.issuer}/.well-known/openid-configuration",
        client_id=provider.client_id,
        client_secret=provider.client_secret,
        client_kwargs={"scope": "openid profile", "code_challenge_method": "S256", "timeout": 10, "trust_env": False},
    )

    @router.get("/login/provider")
    async def go(request: Request, back: Annotated[str, Query()] = "/") -> Response:
        request.session[_WAY] = local(back)
        where = f"{access.address or str(request.base_url).rstrip('/')}{BACK}"
        try:
            reply: Response = await oauth.bureau.authorize_redirect(request, where)
        except (httpx2.HTTPError, OAuthError, ValueError, KeyError) as error:
            return _failed(request, "login.provider_away", 503, error)
        return reply

    @router.get(BACK)
    async def come(request: Request) -> Response:
        back = str(request.session.get(_WAY, "/"))
        limits, address = access.limits, address_of(request)
        if wait := limits.hit(limits.log_ins_by_address, "log-in", address):
            return _failed(request, "login.wait", 429, "too often", seconds=wait)
        try:
            token: dict[str, Any] = await oauth.bureau.authorize_access_token(request)
        except (OAuthError, JoseError) as error:
            return _failed(request, "login.provider_refused", 401, error)
        except (httpx2.HTTPError, ValueError, KeyError) as error:
            return _failed(request, "login.provider_away", 503, error)
        claims = token.get("userinfo") or {}
        login, subject = str(claims.get(provider.login_claim, "")), str(claims.get("sub", ""))
        if not subject or not login:
            return _failed(request, "login.provider_refused", 401, f"no claim {provider.login_claim!r} or 'sub'")
        try:
            entered = await asyncio.to_thread(
                access.desk.log_in_by_provider, issuer=provider.issuer, subject=subject, login=login, address=address
            )
        except LogInRefused as error:
            return _failed(request, "login.provider_unknown", 401, error, login=login)
        await leave_old(access, request)
        return let_in(request, entered, back)

    def _failed(request: Request, key: str, status: int, why: object, **values: object) -> Response:
        log.warning("log-in over the identity provider: %s", why)
        said = wording(language_of(request))(key, **values)
        return log_in_page(request, access, name_of, back="/", failed=said, status=status)

    return router
