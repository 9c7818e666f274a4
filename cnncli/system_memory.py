"""The memory of this process: what it can still take, by the limits of the system, and what it gives back."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")
CGROUP = Path("/sys/fs/cgroup")
_UNKNOWN = 4 << 30  # where no system call tells it


def available_bytes() -> int:
    """The least of what the machine has free and what each control group around this process leaves.

    A container's limit stands in its control group alone: the machine's own figures do not show it.
    """
    free = [_machine_bytes()]
    for group in control_groups("memory"):
        for limit_name, used_name in (
            ("memory.max", "memory.current"),
            ("memory.limit_in_bytes", "memory.usage_in_bytes"),
        ):
            limit, used = number_in(group / limit_name), number_in(group / used_name)
            if limit is not None and used is not None:
                free.append(max(0, limit - used + _reclaimable(group)))
    return min(free)


def give_back_freed() -> None:
    """Return freed memory to the system: the C library keeps what lies below something that is still in use."""
    import ctypes  # of no use to what answers at once

    with suppress(OSError, AttributeError):  # another C library than glibc
        ctypes.CDLL(None).malloc_trim(0)


def _machine_bytes() -> int:
    if (available := field_in(PROC / "meminfo", "MemAvailable:")) is not None:
        return available * 1024
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    except (AttributeError, ValueError, OSError):
        return _UNKNOWN


def control_groups(controller: str) -> Iterator[Path]:
    """The folders of this process's control group and all above it: every one of them limits it; of either version."""
    for line in text_of(PROC / "self" / "cgroup").splitlines():
        _, controllers, inside = [*line.split(":", 2), "", ""][:3]
        if controllers and controller not in controllers.split(","):
            continue
        root = CGROUP / controllers if controllers else CGROUP  # version 2 has no controllers here
        place = root / inside.strip("/")
        yield from (folder for folder in (place, *place.parents) if folder.is_relative_to(root))


def _reclaimable(group: Path) -> int:
    """The part of a group's use that is only cached files: the kernel gives it back when it is wanted."""
    names = ("total_inactive_file", "inactive_file")  # version 1 counts the groups below under the first name
    return next((value for name in names if (value := field_in(group / "memory.stat", name)) is not None), 0)


def field_in(path: Path, name: str) -> int | None:
    for line in text_of(path).splitlines():
        words = line.split()
        if len(words) >= 2 and words[0] == name and words[1].isdigit():
            return int(words[1])
    return None


def number_in(path: Path) -> int | None:
    text = text_of(path).strip()
    return int(text) if text.isdigit() else None


def text_of(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
