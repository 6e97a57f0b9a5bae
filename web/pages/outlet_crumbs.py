"""Where an outlet belongs: the way back to the board and the county."""

from emissions.register import Outlet
from web.pages.markup import box, link, path, text
from web.sources import Sources
from web.views.names import outlet_name
from web.wording import Wording


def outlet_crumbs(sources: Sources, words: Wording, outlet: Outlet, below: str | None = None) -> None:
    """The crumbs of an outlet's page, or of a page below it."""
    county = sources.register.divisions.get(outlet.county)
    name = outlet_name(sources.register, outlet.id)
    with box("nav", "crumbs", aria_label=words("app.crumbs")):
        link("/", words("county.back"))
        text("span", "›", aria_hidden="true")
        link(path("counties", outlet.county), county.name if county is not None else outlet.county)
        text("span", "›", aria_hidden="true")
        if below is None:
            text("span", name)
            return
        link(path("outlets", outlet.id), name)
        text("span", "›", aria_hidden="true")
        text("span", below)
