"""Exceedance episodes: one alert per outlet, pollutant and run of exceeded hours (R18)."""

from collections.abc import Iterable
from datetime import datetime

from emissions.beijing import BEIJING, HOUR
from emissions.finding import Finding, finding_id
from emissions.memory import Episode
from emissions.register import Outlet

RULE = "hourly_exceedance"

SEVERE_MULTIPLE = 2.0
"""From twice the limit on the finding is severe."""


def on_exceeded(
    episodes: list[Episode],
    hour: datetime,
    *,
    outlet: str,
    pollutant: str,
    converted: float,
    limit: float,
    later: Iterable[tuple[datetime, str]] = (),
) -> Episode:
    """Put an exceeded hour into the episode it belongs to, or begin a new one.

    Args:
        episodes: The pollutant's episodes; a new one is added.
        hour: The exceeded hour.
        outlet, pollutant: For the id of a new episode.
        converted, limit: What was compared. [mg/m³]
        later: Judged hours after this one in order, with their verdicts: a backfilled hour may come before an episode.
    """
    at, name = hour.timestamp(), hour.isoformat()
    episode = next((e for e in episodes if e.first <= at and (e.ended_by is None or at < e.ended_by)), None)
    within_at: float | None = None
    if episode is None:
        for other, verdict in later:
            if verdict == "within":
                within_at = other.timestamp()
                break
            if verdict == "exceeded":
                episode = next((e for e in episodes if other.isoformat() in e.hours), None)
                break
    if episode is None:
        episode = Episode(id=finding_id(RULE, outlet, pollutant, name), first=at, ended_by=within_at)
        episodes.append(episode)
    episode.first = min(episode.first, at)
    episode.hours[name] = [converted, limit]
    if name in episode.corrected:
        episode.corrected.remove(name)
    return episode


def on_within(episodes: list[Episode], hour: datetime) -> list[Episode]:
    """End the episode that the hour follows; take the hour out of one where it counted. Gives back the changed ones."""
    changed = on_corrected(episodes, hour)
    at = hour.timestamp()
    for episode in episodes:
        last = _last(episode)
        if at > last and episode.first < at and (episode.ended_by is None or at < episode.ended_by):
            episode.ended_by = at
            if episode not in changed:
                changed.append(episode)
    return changed


def on_corrected(episodes: list[Episode], hour: datetime) -> list[Episode]:
    """The hour no longer exceeds: it leaves its episode and is noted there. Gives back the changed ones."""
    name, changed = hour.isoformat(), []
    for episode in episodes:
        if episode.hours.pop(name, None) is not None:
            episode.corrected.append(name)
            changed.append(episode)
    return changed


def finding_of(
    episode: Episode, outlet: Outlet, pollutant: str, *, known_at: datetime, trace: str | None = None
) -> Finding:
    """The episode as a finding: ``to`` is the end of its last exceeded hour once it has ended.

    Args:
        episode, outlet, pollutant: What it is about.
        known_at: When what changed it became known.
        trace: Trace id of the packet that its first hour rests on.
    """
    hours = dict(sorted(episode.hours.items()))
    peak = max(hours.values(), key=lambda pair: pair[0] / pair[1], default=None)
    multiple = peak[0] / peak[1] if peak is not None else None
    ended = episode.ended_by is not None or not hours
    return Finding(
        id=episode.id,
        rule=RULE,
        subject={"outlet": outlet.id},
        from_=datetime.fromtimestamp(episode.first, BEIJING),
        to=datetime.fromtimestamp(_last(episode), BEIJING) + HOUR if ended else None,
        severity="severe" if multiple is not None and multiple > SEVERE_MULTIPLE else "warning",
        county=outlet.county,
        known_at=known_at,
        evidence={
            "rule": "R18",
            "pollutant": pollutant,
            "enterprise": outlet.enterprise,
            "hours": [{"hour": h, "converted_mg_m3": c, "limit_mg_m3": limit} for h, (c, limit) in hours.items()],
            "peak_mg_m3": peak[0] if peak is not None else None,
            "peak_multiple": round(multiple, 3) if multiple is not None else None,
            "corrected": sorted(episode.corrected),
            **({} if trace is None else {"trace": trace}),
        },
    )


def _last(episode: Episode) -> float:
    return max((datetime.fromisoformat(name).timestamp() for name in episode.hours), default=episode.first)
