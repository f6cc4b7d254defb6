"""What a tree of processes takes and writes, read from /proc: limits that the kernel keeps only per process."""

from __future__ import annotations

import os
from pathlib import Path

PAGE_KB = os.sysconf("SC_PAGE_SIZE") // 1024


def tree(root: int) -> list[int]:
    """Return the process ids of `root` and all that descend from it."""
    parents: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            parents.setdefault(_parent(int(entry)), []).append(int(entry))
    found, open_ = [], [root]
    while open_:
        pid = open_.pop()
        found.append(pid)
        open_ += parents.get(pid, [])
    return found


def memory_mb(pids: list[int]) -> float:
    """Return the resident memory of these processes together."""
    return sum(_resident_kb(pid) for pid in pids) / 1024


def threads_of(uid: int) -> int:
    """Return how many threads this user runs; what RLIMIT_NPROC counts."""
    total = 0
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            if os.stat(f"/proc/{entry}").st_uid == uid:
                total += len(os.listdir(f"/proc/{entry}/task"))
        except OSError:
            continue
    return total


def folder_mb(folder: Path, most_files: int = 1000) -> float:
    """Return what the files below a folder occupy, and infinity if they are too many to count."""
    total, files, open_ = 0, 0, [folder]
    while open_:
        try:
            entries = list(os.scandir(open_.pop()))
        except OSError:
            continue
        files += len(entries)
        if files > most_files:
            return float("inf")
        for entry in entries:
            try:
                total += entry.stat(follow_symlinks=False).st_blocks * 512
                if entry.is_dir(follow_symlinks=False):
                    open_.append(Path(entry.path))
            except OSError:
                continue
    return total / 2**20


def _parent(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return int(file.read().rpartition(b")")[2].split()[1])
    except (OSError, IndexError):
        return 0


def _resident_kb(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/statm", "rb") as file:
            return int(file.read().split()[1]) * PAGE_KB
    except (OSError, IndexError):
        return 0
