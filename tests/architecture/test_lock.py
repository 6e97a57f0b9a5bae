"""The lock holds on a new machine, also after newer releases of what it pins."""

import re
from importlib.metadata import distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

LOCK = Path(__file__).parents[2] / "requirements.lock"
PIN = re.compile(r"^([\w.-]+)(?:\[([\w,-]+)\])?==", re.MULTILINE)


def test_every_extra_that_is_asked_for_is_pinned_with_its_extra():
    # With hashes required, pip takes ``name[extra]`` for unpinned where the lock says only ``name``: the installation
    # works until somebody releases a newer version.
    pinned = {canonicalize_name(n): set(filter(None, e.split(","))) for n, e in PIN.findall(LOCK.read_text("utf-8"))}
    asked = [
        (str(distribution.name), requirement)
        for distribution in distributions()
        if canonicalize_name(distribution.name) in pinned or distribution.name == "stackwatch"
        for requirement in map(Requirement, distribution.requires or ())
        if requirement.extras and (requirement.marker is None or requirement.marker.evaluate({"extra": ""}))
    ]
    assert asked, "nothing asks for an extra, so this test proves nothing"
    missing = [f"{by} asks for {r}" for by, r in asked if not r.extras <= pinned[canonicalize_name(r.name)]]
    assert not missing
