"""How much memory this machine has, and how much of it pixels may take."""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
import threading

LEAST_LIMIT = 1 << 30
LARGEST_LIMIT = 16 << 30
_UNKNOWN = 6 << 30
PAGES_OF_THEIR_OWN = 1 << 20  # bytes; an allocation of as much goes back to the system when it is freed
KEPT_FREE = 8 << 20  # bytes; so much stays free at the end of an arena for the frames that come next
ARENAS = 4
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8  # malloc.h


def physical_bytes() -> int:
    """Memory of the machine; a modest guess where the system does not tell."""
    if sys.platform == "win32":
        return _windows_bytes()
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return _UNKNOWN


def pixel_limit() -> int:
    """Half of the machine's memory, between 1 and 16 GiB."""
    return min(max(physical_bytes() // 2, LEAST_LIMIT), LARGEST_LIMIT)


class _MemoryStatus(ctypes.Structure):
    """MEMORYSTATUSEX of the Windows API."""

    _fields_ = (
        ("length", ctypes.c_uint32),
        ("load", ctypes.c_uint32),
        *((name, ctypes.c_uint64) for name in ("total", "free", "t_page", "f_page", "t_virtual", "f_virtual", "more")),
    )


def _windows_bytes() -> int:
    status = _MemoryStatus(length=ctypes.sizeof(_MemoryStatus))
    kernel = getattr(ctypes, "windll").kernel32  # noqa: B009 - exists on Windows only
    return int(status.total) if kernel.GlobalMemoryStatusEx(ctypes.byref(status)) else _UNKNOWN


def give_back() -> None:
    """Let the allocator return free pages to the system; in a thread of its own, since it may take some milliseconds.

    glibc keeps what frames of half a megabyte leave behind in the arenas of many threads: some 200 MB in an hour.
    """
    if sys.platform == "linux":
        threading.Thread(target=_trim, name="give-back", daemon=True).start()


def _trim() -> None:
    with contextlib.suppress(OSError, AttributeError):  # another C library
        ctypes.CDLL("libc.so.6").malloc_trim(0)


def settle_allocator() -> None:
    """Keep glibc from scattering frames over the arenas of many threads; once, at the start of the process.

    Freed large buffers raise its threshold for pages of their own to 32 MB, and what then comes from the arenas stays
    there: after 47 exams and nothing open the process held 362 MB with this, 620 MB and more without. And without
    room at the end of an arena each frame of half a megabyte would go back to the system when it is freed, and the
    next one would be cleared page by page again.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            library = ctypes.CDLL("libc.so.6")
            library.mallopt(_M_MMAP_THRESHOLD, PAGES_OF_THEIR_OWN)
            library.mallopt(_M_TRIM_THRESHOLD, KEPT_FREE)
            library.mallopt(_M_ARENA_MAX, ARENAS)
