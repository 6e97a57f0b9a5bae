"""Where the pages of the desk stand: from alerts, cases and orders to the account and the quarantine."""

from collections.abc import Callable

from fastapi import Request

from web.pages import (
    account,
    alert,
    alerts,
    case,
    cases,
    coverage,
    marks,
    order,
    orders,
    proposals,
    quarantine,
    silences,
)
from web.pages.frame import page
from web.sources import Sources


def add_desk_pages(seen: Callable[[Request], Sources]) -> None:
    """Serve them; ``seen`` gives what the reader may see."""

    @page("/alerts")
    async def _alerts(request: Request) -> None:
        await alerts.alerts_page(seen(request), request)

    @page("/alerts/{alert_id}")
    async def _alert(request: Request, alert_id: str) -> None:
        await alert.alert_page(seen(request), request, alert_id)

    @page("/orders")
    async def _orders(request: Request) -> None:
        await orders.orders_page(seen(request), request)

    @page("/orders/{order_id}")
    async def _order(request: Request, order_id: str) -> None:
        await order.order_page(seen(request), request, order_id)

    @page("/silences")
    async def _silences(request: Request) -> None:
        await silences.silences_page(seen(request), request)

    @page("/cases")
    async def _cases(request: Request) -> None:
        await cases.cases_page(seen(request), request)

    @page("/cases/{case_id}")
    async def _case(request: Request, case_id: str) -> None:
        await case.case_page(seen(request), request, case_id)

    @page("/proposals")
    async def _proposals(request: Request) -> None:
        await proposals.proposals_page(seen(request), request)

    @page("/marks")
    async def _marks(request: Request) -> None:
        await marks.marks_page(seen(request), request)

    @page("/coverage")
    async def _coverage(request: Request) -> None:
        await coverage.coverage_page(seen(request), request)

    @page("/account")
    async def _account(request: Request) -> None:
        await account.account_page(seen(request), request)

    @page("/quarantine")
    async def _quarantine(request: Request) -> None:
        await quarantine.quarantine_page(seen(request), request)
