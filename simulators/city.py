"""The simulated city: which enterprises, outlets and loggers a scenario has. A pure function of the scenario."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from simulators.apportion import largest_remainder
from simulators.chinese import numeral
from simulators.plants import KINDS, PlantKind
from simulators.scenario import DivisionPart, Loggers, PlantGroup, Scenario, Where


@dataclass(frozen=True, slots=True, kw_only=True)
class Enterprise:
    """One simulated enterprise."""

    id: str
    name: str
    county: str
    industry: str
    livelihood: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One outlet with its plant and its logger."""

    outlet: str
    name: str
    enterprise: Enterprise
    group: PlantGroup
    kind: PlantKind
    ordinal: int
    """Number in register order, from 1."""
    mn: str
    edition: int
    with_minutes: bool
    split: bool
    sends_converted: bool
    minute_interval: int
    offset_s: int
    """Second of the minute at which a live logger sends. [s]"""


@dataclass(frozen=True, slots=True, kw_only=True)
class City:
    """All that is registered."""

    code: str
    name: str
    divisions: tuple[DivisionPart, ...]
    sites: tuple[Site, ...]
    start: datetime
    by_outlet: dict[str, Site] = field(repr=False)

    @property
    def enterprises(self) -> list[Enterprise]:
        """In register order."""
        return list({site.enterprise.id: site.enterprise for site in self.sites}.values())

    def select(self, where: Where) -> list[Site]:
        """The outlets that a scenario means, in register order."""
        sites = [
            site
            for site in self.sites
            if where.county in {None, site.enterprise.county}
            and where.kind in {None, site.kind.name}
            and where.edition in {None, site.edition}
            and where.with_minutes in {None, site.with_minutes}
            and where.split in {None, site.split}
        ]
        if where.enterprise:
            ids = list(dict.fromkeys(site.enterprise.id for site in sites))
            wanted = {ids[number - 1] for number in where.enterprise if number <= len(ids)}
            sites = [site for site in sites if site.enterprise.id in wanted]
        if where.outlet:
            sites = [site for number, site in enumerate(sites, 1) if number in where.outlet]
        return sites


def build_city(scenario: Scenario) -> City:
    """The city of a scenario: plants spread by coal use, grouped into enterprises, loggers drawn with the seed."""
    drafts = sorted(_drafts(scenario), key=lambda draft: draft.division)
    traits = _Traits(scenario.loggers, len(drafts), scenario.seed)
    enterprises: dict[tuple[int, int, int], Enterprise] = {}
    counters = {division.code: 0 for division in scenario.divisions}
    named = dict.fromkeys((group.enterprise_name for group in scenario.plants), 0)
    within: dict[str, int] = {}
    sites = []
    for ordinal, draft in enumerate(drafts, 1):
        division = scenario.divisions[draft.division]
        group = scenario.plants[draft.group]
        key = (draft.division, draft.group, draft.enterprise)
        if key not in enterprises:
            counters[division.code] += 1
            named[group.enterprise_name] += 1
            enterprises[key] = Enterprise(
                id=f"{division.code}-{counters[division.code]:02d}",
                name=group.enterprise_name.format(n=numeral(named[group.enterprise_name])),
                county=division.code,
                industry=group.industry,
                livelihood=group.livelihood,
            )
        enterprise = enterprises[key]
        number = within[enterprise.id] = within.get(enterprise.id, 0) + 1
        edition = traits.edition(ordinal)
        sites.append(
            Site(
                outlet=f"{enterprise.id}-{number}",
                name=group.outlet_name.format(n=number, t=f"{draft.capacity:g}"),
                enterprise=enterprise,
                group=group,
                kind=KINDS[group.kind],
                ordinal=ordinal,
                mn=_mn(edition, draft.division, ordinal),
                edition=edition,
                with_minutes=ordinal in traits.with_minutes,
                split=ordinal in traits.split and edition != 2005,
                sends_converted=ordinal not in traits.without_conversion,
                minute_interval=scenario.loggers.minute_interval,
                offset_s=ordinal * 7 % 60,
            )
        )
    return City(
        code=scenario.city.code,
        name=scenario.city.name,
        divisions=scenario.divisions,
        sites=tuple(sites),
        start=scenario.start,
        by_outlet={site.outlet: site for site in sites},
    )


def limit_of(site: Site, pollutant: str) -> float:
    """What the scenario's author expects to be the limit at an outlet. [mg/m³]"""
    return site.group.limits_mg_m3[pollutant]


@dataclass(frozen=True, slots=True)
class _Draft:
    division: int
    group: int
    enterprise: int
    capacity: float


def _drafts(scenario: Scenario) -> Iterator[_Draft]:
    weights = [division.coal_10kt for division in scenario.divisions]
    for number, group in enumerate(scenario.plants):
        capacities = iter(group.capacities_t_h or ())
        for division, plants in enumerate(largest_remainder(group.size, weights)):
            rng = random.Random(f"{scenario.seed}/enterprises/{number}/{division}")  # noqa: S311 - repeatable
            for enterprise, units in enumerate(_sizes(plants, group.units_per_enterprise, rng)):
                for _ in range(units):
                    yield _Draft(division, number, enterprise, next(capacities, 0.0))


def _sizes(total: int, bounds: tuple[int, int], rng: random.Random) -> Iterator[int]:
    while total:
        size = min(total, rng.randint(*bounds))
        yield size
        total -= size


class _Traits:
    """Which ordinals have which kind of logger."""

    def __init__(self, loggers: Loggers, count: int, seed: int) -> None:
        self._old = _drawn(count, loggers.edition_2005, f"{seed}/2005")
        self._new = _drawn(count, loggers.edition_2025, f"{seed}/2025", without=self._old)
        self.with_minutes = _drawn(count, loggers.with_minutes, f"{seed}/minutes")
        self.split = _drawn(count, loggers.split, f"{seed}/split", without=self._old)
        self.without_conversion = _drawn(count, loggers.without_conversion, f"{seed}/conversion")

    def edition(self, ordinal: int) -> int:
        return 2005 if ordinal in self._old else 2025 if ordinal in self._new else 2017


def _drawn(count: int, share: float, seed: str, *, without: Sequence[int] | frozenset[int] = ()) -> frozenset[int]:
    ordinals = [ordinal for ordinal in range(1, count + 1) if ordinal not in without]
    random.Random(seed).shuffle(ordinals)  # noqa: S311 - repeatable
    return frozenset(ordinals[: round(share * count)])


def _mn(edition: int, division: int, ordinal: int) -> str:
    """An invented identity in the edition's own form: 14 characters in 2005, 24 since."""
    if edition == 2005:
        return f"88888{division:02d}{ordinal:07d}"
    return f"010000A89000{division:02X}0000{ordinal:06d}"
