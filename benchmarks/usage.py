"""What processes use, as Linux tells it in ``/proc``."""

import os
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


def cpu_s(pid: int) -> float:
    """Processor time that a process has used so far, all its threads together. [s]"""
    fields = _stat(pid)
    return (int(fields[11]) + int(fields[12])) / _TICKS


def family_cpu_s(pid: int) -> float:
    """The same with all its children; those that have ended count as well. [s]"""
    fields = _stat(pid)
    own = sum(int(field) for field in fields[11:15]) / _TICKS
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split()
    return own + sum(family_cpu_s(int(child)) for child in children)


def memory_mb(pid: int) -> float:
    """Memory that a process holds now (RSS). [MB]"""
    return int(Path(f"/proc/{pid}/statm").read_text(encoding="utf-8").split()[1]) * _PAGE / 1e6


def pin(pid: int, cores: set[int]) -> None:
    """Keep all threads of a process on some cores."""
    for thread in Path(f"/proc/{pid}/task").iterdir():
        os.sched_setaffinity(int(thread.name), cores)


def machine() -> str:
    """Processor, cores and memory in one line."""
    facts = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    model = next((line.partition(":")[2].strip() for line in facts if line.startswith("model name")), "processor")
    memory = os.sysconf("SC_PHYS_PAGES") * _PAGE / 2**30
    return f"{os.cpu_count()} cores of {model}, {memory:.0f} GiB"


def _stat(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
