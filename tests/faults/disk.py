"""A disk that is full for some processes, and is not for others: it needs no mount and no rights.

Linux refuses a process to let any file grow beyond a limit (``RLIMIT_FSIZE``), which may be set from outside and taken
back. The failing write is the same system call that fails on a full disk.
"""

import resource
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def full_disk(files: Mapping[int, Path]) -> Iterator[None]:
    """While the block runs, each process (by its id) can let no file grow beyond what its own file and log are now."""
    before = {pid: resource.prlimit(pid, resource.RLIMIT_FSIZE) for pid in files}
    try:
        for pid, file in files.items():
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (used(file), before[pid][1]))
        yield
    finally:
        for pid, limits in before.items():
            resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)


def used(file: Path) -> int:
    """Size of a database with its write-ahead log, whichever is larger; of a folder, of its largest file. [bytes]"""
    files = [file, *file.parent.glob(f"{file.name}-*")] if file.is_file() else list(file.rglob("*"))
    return max((one.stat().st_size for one in files if one.is_file()), default=0)
