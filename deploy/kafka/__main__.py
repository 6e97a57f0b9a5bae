"""Writes the scripts that are not as they should be: ``python -m deploy.kafka``, at the root of the checkout."""

import sys
from pathlib import Path

from deploy.kafka import rights, topics


def scripts() -> dict[Path, str]:
    """Content of each generated script."""
    return {rights.SCRIPT: rights.script(), topics.SCRIPT: topics.script()}


def main() -> int:
    """Write them."""
    for path, text in scripts().items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            path.chmod(0o755)
            print(f"wrote {path.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
