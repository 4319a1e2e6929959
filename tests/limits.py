"""Real conditions of a disk, for tests: a largest size of files that the system enforces, and a small file system."""

from __future__ import annotations

import os
import resource
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def limit_files(bytes_: int | None, pid: int = 0) -> None:
    """No file of the process may be written beyond this size; None lifts the limit. Writing fails as on a full disk."""
    most = resource.RLIM_INFINITY if bytes_ is None else bytes_
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))


@contextmanager
def limited(bytes_: int) -> Iterator[None]:
    """The same for this process, for a while."""
    limit_files(bytes_)
    try:
        yield
    finally:
        limit_files(None)


@contextmanager
def small_disk(folder: Path, mebibytes: int) -> Iterator[bool]:
    """A file system of this size in the folder; False where it may not be mounted."""
    mounted = os.getuid() == 0 and mount(folder, mebibytes, "size")
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", folder], check=True)


def mount(folder: Path, mebibytes: int, options: str) -> bool:
    """Mount it, or with the options "remount,size" give it another size."""
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"{options}={mebibytes}m", "tmpfs", folder], check=False, capture_output=True
    )
    return done.returncode == 0
