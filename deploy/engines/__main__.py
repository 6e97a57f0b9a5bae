"""Engines from the command line, run at the root of the checkout: ``python -m deploy.engines influxdb kafka``."""

import argparse
import signal
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from types import FrameType
from typing import NoReturn

from deploy.engines import ENGINES, EngineError


def main() -> int:
    """Start the named engines, say where they are, and stop them on Ctrl-C or SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m deploy.engines", description="Real engines on loopback ports.")
    parser.add_argument("engine", nargs="+", choices=sorted(ENGINES), help="what to start: %(choices)s")
    parser.add_argument(
        "--data", type=Path, help="folder for their data (default: a temporary one, removed at the end)"
    )
    parser.add_argument(
        "--print-env", action="store_true", help="print nothing but NAME=value lines for the platform's processes"
    )
    wanted = parser.parse_args()
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        with ExitStack() as stack:
            data = wanted.data or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="engines.")))
            for name in dict.fromkeys(wanted.engine):
                engine = stack.enter_context(ENGINES[name]((data / name).absolute()))
                if not wanted.print_env:
                    print(f"# {name}: process {engine.process.pid}, log {engine.process.log}")
                for variable, value in engine.env.items():
                    print(f"{variable}={value}", flush=True)
            if not wanted.print_env:
                print("# running; Ctrl-C stops", flush=True)
            signal.pause()
    except EngineError as error:
        print(f"deploy.engines: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    return 0


def _interrupt(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
