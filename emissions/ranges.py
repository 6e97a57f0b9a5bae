"""Sets of whole numbers that mostly follow one another, as sorted, disjoint ranges ``(first, last)``."""

from bisect import bisect_right
from collections.abc import Iterable

Range = tuple[int, int]
"""Both ends belong to it."""


def add(ranges: list[Range], first: int, last: int) -> int:
    """Put the numbers ``first`` to ``last`` into the set; how many of them it did not have.

    Args:
        ranges: Changed in place.
        first: Smallest number.
        last: Largest number, not below ``first``.
    """
    if not ranges or first > ranges[-1][1] + 1:
        ranges.append((first, last))
        return last - first + 1
    if first == ranges[-1][1] + 1:
        ranges[-1] = (ranges[-1][0], last)
        return last - first + 1
    new = sum(b - a + 1 for a, b in gaps(ranges, first, last))
    if new:
        begin = max(bisect_right(ranges, (first,)) - 1, 0)
        while begin < len(ranges) and ranges[begin][1] < first - 1:
            begin += 1
        end = begin
        while end < len(ranges) and ranges[end][0] <= last + 1:
            first, last = min(first, ranges[end][0]), max(last, ranges[end][1])
            end += 1
        ranges[begin:end] = [(first, last)]
    return new


def gaps(ranges: Iterable[Range], first: int, last: int) -> list[Range]:
    """The numbers from ``first`` to ``last`` that are not in the set."""
    missing: list[Range] = []
    for a, b in ranges:
        if b < first:
            continue
        if a > last:
            break
        if a > first:
            missing.append((first, a - 1))
        first = b + 1
    if first <= last:
        missing.append((first, last))
    return missing


def without(ranges: Iterable[Range], taken: Iterable[Range]) -> list[Range]:
    """The numbers of one set that are not in the other."""
    other = list(taken)
    return [gap for first, last in ranges for gap in gaps(other, first, last)]


def within(ranges: Iterable[Range], first: int, last: int) -> list[Range]:
    """The numbers of the set from ``first`` to ``last``."""
    return [(max(a, first), min(b, last)) for a, b in ranges if a <= last and b >= first]


def size(ranges: Iterable[Range]) -> int:
    """How many numbers there are."""
    return sum(last - first + 1 for first, last in ranges)
