"""Source of Go modules at one version, checked against Go's own hash of it."""

import json
from pathlib import Path

from deploy.engines.toolchain import EngineError, output, program


def get_module(name: str, *, version: str, checksum: str) -> Path:
    """Folder of a module's source, which must not be written to.

    Args:
        name: The module's path.
        version: Its version.
        checksum: Go's own hash of it, as in a go.sum.

    Raises:
        EngineError: Go is missing, the module cannot be had, or is another one.
    """
    go = program("go", package="Go 1.24 or newer")
    module = json.loads(output([go, "mod", "download", "-json", f"{name}@{version}"]))
    if module["Sum"] != checksum:
        raise EngineError(f"source of {name}@{version} has hash {module['Sum']}, expected {checksum}")
    return Path(module["Dir"])
