"""What somebody of one county may meet of another: every route and page, classed, and what is seeded for them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.unit.web import town

OWN = "371503"
"""Whoever asks is of this county."""
OTHER = "371502"
"""Of this one nothing may be met, nor of any other."""

STRANGERS = frozenset(code for code, _ in town.COUNTIES if code != OWN)
NEVER = "never-was"
"""An id that nothing has."""


@dataclass(frozen=True)
class Lists:
    """Shows what there is. ``queries``: each is asked; the first also by somebody who sees all, who must find more.

    ``more_for_all``: not where the test's city has nothing to list, or numbers only.
    """

    queries: tuple[str, ...] = ("",)
    more_for_all: bool = True


@dataclass(frozen=True)
class About:
    """Is about one thing: another county's must be as one that never was, whatever is asked of it."""

    body: Mapping[str, Any] | None = None
    query: str = ""
    content: bytes | None = None
    thing: str = ""
    """Where the id stands when it is not in the path: ``query:<name>`` or ``body:<name>``."""
    of: str = ""
    """Kind of the thing, where its place does not tell."""


@dataclass(frozen=True)
class Shows:
    """Shows nothing of any county: says why."""

    why: str
    fields: tuple[str, ...] = field(default=())


NOTE = {"note": "x"}

ROUTES: dict[tuple[str, str], tuple[Lists | About | Shows, ...]] = {
    ("GET", "/api/v1/me"): (Shows("only who asks"),),
    ("GET", "/api/v1/clock"): (Shows("the time"),),
    ("GET", "/api/v1/causes"): (Shows("the rulebook's list of causes"),),
    ("GET", "/healthz"): (Shows("alive or not"),),
    ("GET", "/readyz"): (Shows("which engines answer"),),
    ("GET", "/metrics"): (Shows("counters without a label of any outlet, enterprise or county"),),
    ("GET", "/api/v1/outlets"): (Lists(), About(query="?county={id}", thing="query", of="county")),
    ("GET", "/api/v1/outlets/{outlet_id}"): (About(),),
    ("GET", "/api/v1/outlets/{outlet_id}/readings"): (About(),),
    ("GET", "/api/v1/outlets/{outlet_id}/hours"): (About(),),
    ("GET", "/api/v1/outlets/{outlet_id}/packets"): (About(),),
    ("GET", "/api/v1/rates"): (
        Lists(("?level=county", "?level=outlet", "?level=enterprise", "?level=city")),
        About(query="?level=county&id={id}", thing="query", of="county"),
        About(query="?level=outlet&id={id}", thing="query", of="outlet"),
        About(query="?level=enterprise&id={id}", thing="query", of="enterprise"),
    ),
    ("GET", "/api/v1/rates/explain"): (
        About(query="?level=county&id={id}", thing="query", of="county"),
        About(query="?level=city&id={id}", thing="query", of="city"),
        About(query="?level=outlet&id={id}", thing="query", of="outlet"),
        About(query="?level=enterprise&id={id}", thing="query", of="enterprise"),
    ),
    ("GET", "/api/v1/findings"): (
        Lists(),
        About(query="?county={id}", thing="query", of="county"),
        About(query="?outlet={id}", thing="query", of="outlet"),
    ),
    ("GET", "/api/v1/alerts"): (
        Lists(("", "?state=open", "?limit=1", "?limit=5000")),
        About(query="?county={id}", thing="query", of="county"),
    ),
    ("GET", "/api/v1/alerts/{alert_id}"): (About(),),
    ("GET", "/api/v1/alerts/{alert_id}/notices"): (About(),),
    ("POST", "/api/v1/alerts/{alert_id}/acknowledge"): (About({}),),
    ("POST", "/api/v1/alerts/{alert_id}/verify"): (About({"violation": True, "cause": "treatment_failure"}),),
    ("POST", "/api/v1/alerts/{alert_id}/rectify"): (About(NOTE),),
    ("POST", "/api/v1/alerts/{alert_id}/close"): (About(NOTE),),
    ("POST", "/api/v1/alerts/{alert_id}/assign"): (About({"assignee": "x"}),),
    ("POST", "/api/v1/alerts/{alert_id}/comment"): (About(NOTE),),
    ("GET", "/api/v1/cases"): (Lists(), About(query="?county={id}", thing="query", of="county")),
    ("GET", "/api/v1/cases/{case_id}"): (About(),),
    ("POST", "/api/v1/cases/{case_id}/advance"): (About(NOTE),),
    ("POST", "/api/v1/cases/{case_id}/return"): (About(NOTE),),
    ("POST", "/api/v1/cases/{case_id}/clear"): (About(NOTE),),
    ("POST", "/api/v1/cases/{case_id}/comment"): (About(NOTE),),
    ("GET", "/api/v1/cases/{case_id}/letter"): (About(query="?kind=preliminary_notice&format=html"),),
    ("GET", "/api/v1/cases/{case_id}/evidence.zip"): (About(),),
    ("GET", "/api/v1/work-orders"): (Lists(), About(query="?outlet={id}", thing="query", of="outlet")),
    ("POST", "/api/v1/work-orders"): (
        About({"outlet": "{id}", "kind": "repair", "title": "x"}, thing="body", of="outlet"),
        About({"outlet": "O371503-01", "kind": "repair", "title": "x", "alert_id": "{id}"}, thing="body", of="alert"),
    ),
    ("GET", "/api/v1/work-orders/rates"): (
        Lists(more_for_all=False),
        About(query="?county={id}", thing="query", of="county"),
    ),
    ("GET", "/api/v1/work-orders/{order_id}"): (About(),),
    ("POST", "/api/v1/work-orders/{order_id}/assign"): (About({"assignee": "x"}),),
    ("POST", "/api/v1/work-orders/{order_id}/done"): (About(NOTE),),
    ("POST", "/api/v1/work-orders/{order_id}/return"): (About(NOTE),),
    ("POST", "/api/v1/work-orders/{order_id}/close"): (About({}),),
    ("POST", "/api/v1/work-orders/{order_id}/cancel"): (About(NOTE),),
    ("POST", "/api/v1/work-orders/{order_id}/comment"): (About(NOTE),),
    ("GET", "/api/v1/proposals"): (Lists(), About(query="?county={id}", thing="query", of="county")),
    ("GET", "/api/v1/proposals/{proposal_id}"): (About(),),
    ("POST", "/api/v1/proposals/{proposal_id}/confirm"): (About(NOTE),),
    ("POST", "/api/v1/proposals/{proposal_id}/decline"): (About(NOTE),),
    ("GET", "/api/v1/silences"): (Lists(), About(query="?county={id}", thing="query", of="county")),
    ("POST", "/api/v1/silences"): (
        About({"county": "{id}", "ends_at": "2026-11-11T00:00:00+08:00", "reason": "x"}, thing="body", of="county"),
        About({"outlet": "{id}", "ends_at": "2026-11-11T00:00:00+08:00", "reason": "x"}, thing="body", of="outlet"),
    ),
    ("GET", "/api/v1/silences/{silence_id}"): (About(),),
    ("POST", "/api/v1/silences/{silence_id}/end"): (About(NOTE),),
    ("GET", "/api/v1/{where}/{id_}/attachments"): (About(of="alert"), About(of="case"), About(of="work_order")),
    ("POST", "/api/v1/{where}/{id_}/attachments"): (
        About(query="?name=a.txt", content=b"text", of="alert"),
        About(query="?name=a.txt", content=b"text", of="case"),
        About(query="?name=a.txt", content=b"text", of="work_order"),
    ),
    ("GET", "/api/v1/{where}/{id_}/attachments/{file_id}"): (About(of="alert"),),
    ("GET", "/api/v1/marks"): (Lists(), About(query="?outlet={id}", thing="query", of="outlet")),
    ("POST", "/api/v1/marks"): (
        About(
            {
                "outlet": "{id}",
                "mark": "fault",
                "from": "2026-11-10T08:00:00+08:00",
                "to": "2026-11-10T10:00:00+08:00",
            },
            thing="body",
            of="outlet",
        ),
    ),
    ("GET", "/api/v1/marks/{mark_id}"): (About(),),
    ("POST", "/api/v1/marks/{mark_id}/revoke"): (About({}),),
    ("GET", "/api/v1/quarantine"): (
        Lists(),
        About(query="?county={id}", thing="query", of="county"),
        About(query="?mn={id}", thing="query", of="mn"),
    ),
    ("GET", "/api/v1/quarantine/{line_id}"): (About(),),
    ("POST", "/api/v1/quarantine/redrive"): (About({"county": "{id}"}, thing="body", of="county"),),
    ("GET", "/api/v1/account"): (
        Lists(),
        About(query="?county={id}", thing="query", of="county"),
        About(query="?outlet={id}", thing="query", of="outlet"),
    ),
    ("GET", "/api/v1/reports/monthly"): (
        Lists(("?format=json", "?format=html")),
        About(query="?county={id}", thing="query", of="county"),
    ),
    ("GET", "/api/v1/events"): (Shows("what the test of event streams looks at"),),
}
"""Every route of the interface's description."""

PAGES: dict[str, tuple[Lists | About | Shows, ...]] = {
    "/": (Lists(("", "?sort=rank")),),
    "/counties/{code}": (About(),),
    "/outlets/{outlet_id}": (About(),),
    "/outlets/{outlet_id}/packets": (About(),),
    "/explain": (
        Lists(),
        About(query="?level=county&id={id}", thing="query", of="county"),
        About(query="?level=city&id={id}", thing="query", of="city"),
        About(query="?level=outlet&id={id}", thing="query", of="outlet"),
        About(query="?level=enterprise&id={id}", thing="query", of="enterprise"),
    ),
    "/alerts": (Lists(("", "?state=all")), About(query="?state=all&county={id}", thing="query", of="county")),
    "/alerts/{alert_id}": (About(),),
    "/cases": (Lists(("", "?state=all")),),
    "/cases/{case_id}": (About(),),
    "/orders": (Lists(("", "?state=all")), About(query="?outlet={id}", thing="query", of="outlet")),
    "/orders/{order_id}": (About(),),
    "/silences": (Lists(),),
    "/proposals": (Lists(("", "?state=all")),),
    "/marks": (
        Lists(),
        About(query="?outlet={id}", thing="query", of="outlet"),
        About(query="?id={id}", thing="query", of="mark"),
    ),
    "/coverage": (Lists(more_for_all=False),),
    "/account": (Lists(more_for_all=False), About(query="?outlet={id}", thing="query", of="outlet")),
    "/quarantine": (
        Lists(("", "?state=all")),
        About(query="?county={id}", thing="query", of="county"),
        About(query="?state=all&mn={id}", thing="query", of="mn"),
    ),
    "/reports": (Lists(), About(query="?county={id}", thing="query", of="county")),
    "/me": (Shows("only who asks"),),
    "/people": (Shows("administrators only, who see the whole city"),),
    "/{path:path}": (Shows("that there is nothing"),),
}
"""Every page."""

UNLISTED = {
    ("GET", "/login"): "the way in",
    ("POST", "/login"): "the way in",
    ("POST", "/logout"): "the way out",
    ("POST", "/me/password"): "one's own password",
    ("GET", "/login/provider"): "the way in over the identity provider",
    ("GET", "/login/provider/back"): "the way in over the identity provider",
    ("GET", "/language/{language}"): "a cookie for the language",
    ("GET", "/api/openapi.json"): "what the interface can do",
    ("GET", "/api/docs"): "what the interface can do",
    ("GET", "/api/{path:path}"): "that there is nothing",
}
"""Routes that the interface's description leaves out, and what they show."""

NAMES = {
    "code": "county",
    "outlet_id": "outlet",
    "alert_id": "alert",
    "case_id": "case",
    "order_id": "work_order",
    "proposal_id": "proposal",
    "silence_id": "silence",
    "mark_id": "mark",
    "line_id": "line",
    "id_": "",
}
"""Kind of the thing by the name of its place in the path."""
WHERE = {"alert": "alerts", "case": "cases", "work_order": "work-orders"}
