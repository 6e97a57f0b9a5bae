"""How much waits for somebody, by county and outlet: one narrow query for each, made by every board once a second."""

from collections import Counter

from sqlalchemy import Engine, func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from alerts.database import AlertRow, CaseRow
from alerts.repository import DatabaseUnavailable
from web.views.board import OpenItems


def open_items(engine: Engine, *, county: str | None = None) -> OpenItems:
    """Open alerts and cases, counted; of one county or all. Raises ``DatabaseUnavailable``."""
    open_alerts = select(AlertRow.county, AlertRow.severity, AlertRow.subject).where(AlertRow.state != "closed")
    open_cases = select(CaseRow.county, func.count()).where(CaseRow.state != "cleared").group_by(CaseRow.county)
    if county is not None:
        open_alerts = open_alerts.where(AlertRow.county == county)
        open_cases = open_cases.where(CaseRow.county == county)
    try:
        with Session(engine) as session:
            alerts = session.execute(open_alerts).all()
            cases = session.execute(open_cases).all()
    except DBAPIError as error:
        raise DatabaseUnavailable(str(error.orig)) from error
    return OpenItems(
        alerts=Counter(county for county, _, _ in alerts),
        severe=Counter(county for county, severity, _ in alerts if severity == "severe"),
        cases={county: count for county, count in cases},  # noqa: C416 - rows are not pairs to the type checker
        outlet_alerts=Counter(str(subject["outlet"]) for _, _, subject in alerts if "outlet" in subject),
    )
