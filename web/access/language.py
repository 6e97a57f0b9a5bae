"""Which language a reader wants."""

from starlette.requests import HTTPConnection

from web.wording import DEFAULT, LANGUAGES


def language_of(request: HTTPConnection) -> str:
    """Asked for in the address, chosen before, or the browser's."""
    for wanted in (request.query_params.get("lang"), request.cookies.get("lang")):
        if wanted in LANGUAGES:
            return str(wanted)
    accepted = request.headers.get("accept-language", "").lower()
    return "en" if accepted.startswith("en") else DEFAULT
