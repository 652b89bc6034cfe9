"""Memory by the page: what lies where in this process, taking and protecting it. Knows no policy.

Runs inside the box (standard library only).
"""

import ctypes
import os

SMALL, HUGE = 4096, 2 << 20
READ_WRITE, READ_EXECUTE = 3, 5
_PRIVATE, _ANONYMOUS, _NO_REPLACING = 0x02, 0x20, 0x100000
MAY_MOVE, FIXED = 1, 2
_CLEAR, _DONT_FORK, _HUGE_PAGES = 4, 10, 14

libc = ctypes.CDLL(None, use_errno=True)
_address, _size, _int = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int
libc.mmap.argtypes, libc.mmap.restype = (_address, _size, _int, _int, _int, ctypes.c_long), _address
libc.mprotect.argtypes = _address, _size, _int
libc.munmap.argtypes = _address, _size
libc.madvise.argtypes = _address, _size, _int
libc.mremap.argtypes, libc.mremap.restype = (_address, _size, _size, _int, _address), _address


def taken(size, at=None):
    """Return the address of new memory, at a place if that is free; None if there is none."""
    flags = _PRIVATE | _ANONYMOUS | (0 if at is None else _NO_REPLACING)
    place = libc.mmap(at, size, READ_WRITE, flags, -1, 0)
    if place == ctypes.c_void_p(-1).value:
        return None
    if at is not None and place != at:
        give_back(place, place + size)
        return None
    return place


def protected(place, size, how):
    """Change what may be done with memory; return whether it was changed."""
    return libc.mprotect(place, size, how) == 0


def taken_huge(size):
    """Return the address of new memory that starts and ends at a multiple of HUGE, and lies on huge pages if it can."""
    spare = taken(size + HUGE)
    if spare is None:
        return None
    place = -(-spare // HUGE) * HUGE
    give_back(spare, place)
    give_back(place + size, spare + size + HUGE)
    want_huge(place, place + size)
    return place


def give_back(start, end):
    """Have no memory there any more."""
    if start < end:
        libc.munmap(start, end - start)


def moved(place, size, to):
    """Move memory to a place, instead of what is there; return whether it was moved."""
    return libc.mremap(place, size, size, MAY_MOVE | FIXED, to) == to


def keep_from_children(place, size):
    """Have processes forked from now on not have this memory."""
    if libc.madvise(place, size, _DONT_FORK) != 0:
        raise OSError("memory could not be kept from children")


def clear(place, size):
    """Have zeros in this memory, which take up none until they are written to."""
    libc.madvise(place, size, _CLEAR)


def want_huge(start, end):
    """Have what will be written to there lie on huge pages, where there are any."""
    libc.madvise(start, end - start, _HUGE_PAGES)


def areas(fd):
    """Yield (start, end, rights as "r-xp", path or "") of this process's memory; `fd` is its /proc/self/maps."""
    data = b""
    while part := os.pread(fd, 1 << 16, len(data)):
        data += part
    for line in data.decode("utf-8", "surrogateescape").splitlines():
        place, rights, _, _, _, *path = line.split(None, 5)
        start, end = place.split("-")
        yield int(start, 16), int(end, 16), rights, path[0] if path else ""
