"""Schema of ``calendar.yaml``: stop lists and staggered production, as the bureau's notices order them."""

from datetime import date
from typing import Annotated, Self

from pydantic import Field, model_validator

from rulebook.schema import Strict, Text, Texts


class Stop(Strict):
    """One order that sources stand still for some days. It is a plan: only a mark excludes hours (R8)."""

    name: Text
    notice: Text
    """The order it rests on."""
    from_: Annotated[date, Field(alias="from")]
    """First day."""
    to: date
    """Last day."""
    counties: Texts = ()
    """Codes of the counties it is for; empty: all."""
    industries: Texts = ()
    """Industries it is for; empty: all."""
    enterprises: Texts = ()
    """Ids of the enterprises it is for; empty: all that the other fields leave."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.to < self.from_:
            raise ValueError(f"a last day not before {self.from_}")
        return self

    def covers(self, *, day: date, county: str, industry: str, enterprise: str) -> bool:
        """Whether an enterprise is ordered to stand still on that day."""
        return (
            self.from_ <= day <= self.to
            and county in (self.counties or (county,))
            and industry in (self.industries or (industry,))
            and enterprise in (self.enterprises or (enterprise,))
        )


class Calendar(Strict):
    """The whole file."""

    stop_lists: Annotated[tuple[Stop, ...], Field(strict=False)]
    """Single enterprises or areas that have to stop, for instance in an alert for heavy pollution."""
    staggered_production: Annotated[tuple[Stop, ...], Field(strict=False)]
    """Seasonal stops of an industry 错峰生产."""

    def stops(self, *, day: date, county: str, industry: str, enterprise: str) -> list[Stop]:
        """All orders under which an enterprise has to stand still on that day."""
        return [
            stop
            for stop in (*self.stop_lists, *self.staggered_production)
            if stop.covers(day=day, county=county, industry=industry, enterprise=enterprise)
        ]
