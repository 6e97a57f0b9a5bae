"""Spreading a whole number over weights."""

from collections.abc import Sequence
from fractions import Fraction


def largest_remainder(total: int, weights: Sequence[float]) -> list[int]:
    """Share ``total`` out by weight so that the parts are whole and add up (Hamilton's method).

    A weight of 0 gets nothing; of equal remainders the first one wins.

    Args:
        total: What is shared out, ≥ 0.
        weights: Each ≥ 0, at least one above 0.
    """
    exact = [Fraction(weight) for weight in weights]
    whole = sum(exact)
    if not whole:
        raise ValueError("all weights are 0: there is nobody to share with")
    quotas = [total * weight / whole for weight in exact]
    parts = [int(quota) for quota in quotas]
    by_remainder = sorted(range(len(parts)), key=lambda index: (parts[index] - quotas[index], index))
    for index in by_remainder[: total - sum(parts)]:
        parts[index] += 1
    return parts
