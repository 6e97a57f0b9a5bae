"""How severe something is."""

SEVERITIES = ("info", "warning", "severe")
"""From the least to the most."""


def worse(severity: str, *, than: str) -> bool:
    """Whether one severity is above another."""
    return SEVERITIES.index(severity) > SEVERITIES.index(than)


def worst(*severities: str) -> str:
    """The most severe of some."""
    return max(severities, key=SEVERITIES.index)
