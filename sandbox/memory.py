"""How the server's memory lies, arranged once before its first child, so that forking it costs little.

A fork is paid by the page: each page of this process is entered into the child's tables and taken out again (0.15 µs),
each that the child writes to is copied (1.6 µs), and code is mapped once more, piece by piece. Hence

- the interpreter's code and the heap lie on huge pages, at the addresses that they had: one entry each;
- all that the server owns is in that heap (it starts with PYTHONMALLOC=malloc), without a gap that a child could fill;
- what a child makes goes behind it, where nothing has to be copied.

Where something for this is missing (glibc, memory that may be made executable), the memory stays as it is.
Runs inside the box (standard library only).
"""

import ctypes
import os

import channels
import kernel
import native
import pages

_HOLES = (65536, 32768, 16384, 8192, 4096, 2048, *range(1040, 8, -16))
"""Sizes of chunks by which free places are taken up; most are smaller than a page."""
_CHUNK_HEADER = 64
"""More than glibc needs beside what was asked for."""
_MEMORY, _OBJECTS = 1, 2
_LEAST_BYTES = 600_000
"""How much a huge page has to hold: one that a child writes to is taken apart first, which costs as 120 small ones."""
_COPY_SECONDS = 1e-4
"""What moving into one huge page takes."""
_WORTH = 20
"""How many times as long a job has to have taken before the heap is put in order behind it."""


class _Allocator(ctypes.Structure):
    _fields_ = tuple((name, ctypes.c_void_p) for name in ("context", "malloc", "calloc", "realloc", "free"))


class _Heap(ctypes.Structure):
    """What mallinfo2(3) tells; of interest is the free memory at the top."""

    _fields_ = (("before", ctypes.c_size_t * 9), ("top_bytes", ctypes.c_size_t))


class Memory:
    """The memory of this process."""

    def __init__(self, pymalloc):
        """Take where Python's own allocator is, as offsets from PyMem_GetAllocator, or None to leave all as it is.

        Call it while there is a /proc.
        """
        self._maps = channels.moved(os.open("/proc/self/maps", os.O_RDONLY))
        self._pymalloc = pymalloc
        self._moved = []
        """What lies on huge pages and is written to."""

    def arrange(self):
        """Arrange it, with nothing left to be made that stays."""
        libc, areas = pages.libc, list(pages.areas(self._maps))
        os.close(self._maps)
        if self._pymalloc is None:
            return
        self._moved = list(_moved_interpreter(areas))
        if not native.is_there or not hasattr(libc, "mallinfo2"):
            return
        libc.mallinfo2.restype, libc.mallinfo2.argtypes = _Heap, ()
        libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, (ctypes.c_size_t,)
        libc.free.restype, libc.free.argtypes = None, (ctypes.c_void_p,)
        libc.sbrk.restype, libc.sbrk.argtypes = ctypes.c_void_p, (ctypes.c_long,)
        start = next((start for start, _, _, path in areas if path == "[heap]"), None)
        if start is None:
            return
        areas.clear()  # what is freed after the holes are filled is one
        _make_objects_by(self._pymalloc)
        _fill_holes()
        self._lay_out(start)

    def _lay_out(self, start):
        """Put the heap on huge pages, as far as it fills them, and take up the rest of the last."""
        first = start // pages.HUGE * pages.HUGE
        if first + pages.HUGE - start < _LEAST_BYTES or (first < start and pages.taken(start - first, first) is None):
            first += pages.HUGE
        end = (_top() + pages.HUGE - _LEAST_BYTES) // pages.HUGE * pages.HUGE
        while (left := end - _top() - _CHUNK_HEADER) > _CHUNK_HEADER:
            pages.libc.malloc(min(left, _HOLES[0]))
        if first < end and _into_huge_pages(first, end):
            self._moved.append((first, end))

    def renew(self, seconds):
        """Put it in order behind a job of so many seconds, beside whose child this process had to work.

        What it wrote to then, it wrote to copies, small pages that stay.
        """
        if seconds > _WORTH * _COPY_SECONDS * sum(end - start for start, end in self._moved) / pages.HUGE:
            for start, end in self._moved:
                _into_huge_pages(start, end)


def _top():
    """Return where the free memory at the end of the heap starts."""
    return pages.libc.sbrk(0) - pages.libc.mallinfo2().top_bytes


def _into_huge_pages(start, end):
    """Move writable memory into huge pages, at the same place; return whether it was.

    What the calls in here write to it meanwhile is not lost: copying and moving follow each other directly.
    """
    size = end - start
    place = pages.taken_huge(size)
    if place is None:
        return False
    move = kernel.number("mremap"), place, size, size, pages.MAY_MOVE | pages.FIXED, start
    is_moved = native.copied_then(place, start, size, *move) == start
    if not is_moved:
        pages.give_back(place, place + size)
    return is_moved


def _moved_interpreter(areas):
    """Move the interpreter's code and data into huge pages, as far as nothing else lies on the same; yield the data's.

    Its constants can be written to then where they share one with its data.
    """
    known = ctypes.cast(ctypes.pythonapi.PyMem_GetAllocator, ctypes.c_void_p).value
    path = next((path for start, end, _, path in areas if start <= known < end), "")
    own = [area for area in areas if path and area[3] == path]
    for place in range(own[0][0] // pages.HUGE * pages.HUGE, own[-1][1], pages.HUGE) if own else ():
        within = [area for area in areas if area[0] < place + pages.HUGE and place < area[1]]
        rights = {rights for _, _, rights, _ in within}
        if not rights <= {"r--p", "r-xp", "rw-p"} or any(where not in (path, "") for *_, where in within):
            continue
        held = sum(min(end, place + pages.HUGE) - max(start, place) for start, end, _, where in within if where)
        if "rw-p" not in rights and _is_filled(place, within):
            _move_code(place)
        elif "r-xp" in rights or not native.is_there or held < _LEAST_BYTES:
            continue
        elif _is_filled(place, within, can_fill=True) and _into_huge_pages(place, place + pages.HUGE):
            yield place, place + pages.HUGE


def _is_filled(place, within, *, can_fill=False):
    """Say whether a huge page's place is filled by these areas, after filling the gaps."""
    ends = [place, *(end for _, end, _, _ in within)]
    starts = [*(start for start, _, _, _ in within), place + pages.HUGE]
    gaps = [(end, start) for end, start in zip(ends, starts, strict=True) if end < start]
    return not gaps or (can_fill and all(pages.taken(start - end, end) is not None for end, start in gaps))


def _move_code(start):
    place = pages.taken_huge(pages.HUGE)
    if place is not None:
        ctypes.memmove(place, start, pages.HUGE)
        if pages.protected(place, pages.HUGE, pages.READ_EXECUTE):
            pages.moved(place, pages.HUGE, start)


def _make_objects_by(pymalloc):
    """Have Python's own allocator, from now on, make what is small; what was made otherwise it knows to pass on."""
    base = ctypes.cast(ctypes.pythonapi.PyMem_GetAllocator, ctypes.c_void_p).value
    for domain in (_MEMORY, _OBJECTS):
        allocator = _Allocator(None, *(base + offset for offset in pymalloc[domain - 1]))
        ctypes.pythonapi.PyMem_SetAllocator(domain, ctypes.byref(allocator))


def _fill_holes():
    """Take up the free chunks of the heap but for what lies at its top."""
    malloc, free = pages.libc.malloc, pages.libc.free
    for size in _HOLES:
        top = _top()
        while (chunk := malloc(size)) and chunk < top:
            pass
        free(chunk)
