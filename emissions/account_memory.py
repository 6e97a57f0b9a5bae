"""What the conservation account remembers of an outlet: sets of numbers by series, counts by hour of receipt."""

from dataclasses import dataclass, field

from emissions.ranges import Range


@dataclass(slots=True)
class HourCount:
    """What is known of one series and hour of receipt."""

    seen: tuple[int, int] = (0, 0)
    """Smallest and largest number that was judged; 0: none."""
    said: tuple[int, int] = (0, 0)
    """The gateway's own word; 0: it has said nothing."""
    judged: int = 0
    beats: int = 0
    idle: int = 0
    refused: int = 0
    stored: int = 0
    quarantined: int = 0

    @property
    def last(self) -> int:
        """Largest number of the hour, 0 where there is none."""
        return max(self.seen[1], self.said[1])


@dataclass(slots=True)
class Series:
    """The lines of one outlet that one life of one gateway has numbered."""

    start: int | None = 1
    """First number that must be there; None until it is known."""
    judged: list[Range] = field(default_factory=list)
    settled: list[Range] = field(default_factory=list)
    hours: dict[float, HourCount] = field(default_factory=dict)
    """By Unix time of the hour of receipt."""


Lost = dict[str, list[Range]]
"""Missing numbers by series."""


@dataclass(slots=True)
class AccountMemory:
    """All that is known of one outlet."""

    series: dict[str, Series] = field(default_factory=dict)
    """By name, the newest life of a gateway last."""
    begun: bool = False
    """Something has been counted before: a new series begins at 1."""
    judged_until: float | None = None
    stored_until: float | None = None
    """Latest hour whose roll call the stage is past, as Unix time."""
    closed_until: float | None = None
    """Latest hour that both stages are past."""
    changed: dict[float, None] = field(default_factory=dict)
    """Hours that say something new since their lines were drawn up."""
    lost: dict[str, dict[float, Lost]] = field(default_factory=dict)
    """By stage and hour."""
    revision: int = 0
    """That of the last finding, see ``emissions.finding``."""
