"""The one child that a single-threaded server has at a time: forked, awaited, reaped. Knows nothing of what it runs.

Runs inside the box (standard library only).
"""

import ctypes
import os
import select
import struct
import time
from _functools import partial
from errno import EAGAIN

import kernel
import native
import pages


class _Poll(ctypes.Structure):
    _fields_ = (("fd", ctypes.c_int), ("wanted", ctypes.c_short), ("found", ctypes.c_short))


class _Words(ctypes.Structure):
    """What the kernel reads and writes of this process: on a page of its own, for it would pull a huge one apart."""

    _fields_ = (
        ("awaited", _Poll * 2),
        ("left", ctypes.c_long * 2),
        ("end", ctypes.c_long * 20),
        ("limit", ctypes.c_ulong * 2),
        ("calls", ctypes.c_long * 17),
    )


_END = struct.Struct("@i4xllllq")
"""What wait4(2) fills in: status; seconds and microseconds of user and of system time; peak memory in KiB."""
_NAMES = "clone", "ppoll", "wait4", "close", "prlimit64"
_CLONE, _PPOLL, _WAIT4, _CLOSE, _PRLIMIT = (kernel.number(name) for name in _NAMES)
_TRIES, _PAUSE_SECONDS = 500, 0.01
_CONNECTION, _CONNECTION_FOUND, _PIDFD, _PIDFD_FOUND = range(4)
"""Where it stands in what is awaited, as words of 4 bytes; what was found fills the upper half of its word."""


class Process:
    """The child. All memory for it is made beforehand."""

    def __init__(self, connection, *, moment_seconds, in_new_pid_namespace, childs_calls=(), page=None):
        """Take the descriptor of the operator's connection, whose end is awaited too.

        A moment is less than a second. In a PID namespace of its own the child is process 1; that needs CAP_SYS_ADMIN.
        `childs_calls` are system calls that it makes first, each its number and arguments. `page` is where all pointers
        of the calls for making and limiting it shall point to, if that matters.
        """
        page = page or pages.taken(pages.SMALL)
        if page is None:
            raise MemoryError
        words = _Words.from_address(page)
        words.awaited[:] = (connection, select.POLLRDHUP, 0), (-1, select.POLLIN, 0)
        self._awaited = (ctypes.c_int * 4).from_address(page)
        self._moment = int(moment_seconds * 1e9)
        self._left, self._end = words.left, words.end
        end = page + _Words.end.offset
        self._limit = words.limit
        self._limit_place = ctypes.c_void_p(page + _Words.limit.offset)
        self._reap = ctypes.c_void_p(end), 0, ctypes.c_void_p(end + 8)
        pidfd = page + ctypes.sizeof(_Poll)
        # Goes past Python's own bookkeeping for forks, which a single-threaded process does not need. The C library
        # remembers this thread's id: it has to be told the child's, unless both are process 1 of their namespaces.
        flags, place = kernel.NEW_PID_NAMESPACE, 0
        if not in_new_pid_namespace:
            flags, place = kernel.NEW_PROCESS, place_of_thread_id()
        last = (place, 0) if kernel.MACHINE == "x86_64" else (0, place)
        clone = _CLONE, flags, 0, pidfd, *last
        wait = _PPOLL, page, len(words.awaited), page + _Words.left.offset, 0, 0
        if place is None or not native.is_there:
            self._results = [0] * 8
            self._run = partial(self._in_steps, None if place is None else clone, wait, childs_calls)
        else:
            childs_page = pages.taken(pages.SMALL)
            if childs_page is None:
                raise MemoryError
            calls_place = page + _Words.calls.offset
            self._results, self._run = native.forking(calls_place, (clone, wait), childs_page, childs_calls)

    @property
    def pidfd(self):
        """The descriptor that stands for the child; readable when it has ended."""
        return self._awaited[_PIDFD]

    def run(self):
        """Fork, and wait until the child ends, the operator hangs up, or a moment is over.

        Returns (process id, whether the child has ended); in the child (0, False). In between, this process writes to
        no memory: while the child lives, that would be a copy's.

        Raises:
            OSError: no child could be made.

        """
        self._left[1] = self._moment  # the kernel leaves there what was not waited for
        done = self._run()
        if done == 0:
            return 0, False
        if done < 0:
            done = self._run_again(done)
            if done == 0:
                return 0, False
        return self._results[7], done > 1 and self._awaited[_PIDFD_FOUND] >> 16 != 0

    def _run_again(self, done):
        """Try for a while where there are too many processes: those of the same user's other snippets count, too."""
        for _ in range(_TRIES):
            if done != -EAGAIN:
                break
            time.sleep(_PAUSE_SECONDS)
            self._left[1] = self._moment
            done = self._run()
            if done >= 0:
                return done
        raise OSError(-done, "no process could be made for the snippet")

    def limit_cpu(self, pid, seconds):
        """Have the kernel kill the child after some seconds of processor time, unless it has bound itself to less."""
        self._limit[:] = seconds, seconds
        kernel.bare(_PRLIMIT, pid, kernel.RLIMIT_CPU, self._limit_place, None)

    def reap(self, pid):
        """Wait for the end of the child; return (status as of `os.wait4`, processor seconds, peak memory in bytes)."""
        kernel.bare(_WAIT4, pid, *self._reap)
        kernel.bare(_CLOSE, self._awaited[_PIDFD])
        status, seconds, microseconds, more_seconds, more_microseconds, peak_kib = _END.unpack_from(self._end)
        return status, seconds + more_seconds + (microseconds + more_microseconds) * 1e-6, peak_kib << 10

    def _in_steps(self, clone, wait, childs_calls):
        """Do the same where no machine code may be loaded, or the C library is another."""
        pid = os.fork() if clone is None else kernel.bare(*map(ctypes.c_long, clone))
        if pid == 0 and any(kernel.bare(*map(ctypes.c_long, call)) < 0 for call in childs_calls):
            os._exit(1)
        if pid <= 0:
            return pid and -EAGAIN  # what else could it be
        if clone is None:
            self._awaited[_PIDFD] = os.pidfd_open(pid)
        self._results[7] = pid
        return 2 if kernel.bare(*map(ctypes.c_long, wait)) > 0 else 1


def place_of_thread_id():
    """Return where the C library keeps the id of this thread, which a child must find to be its own; None if unsure."""
    pthread_self = ctypes.CDLL(None).pthread_self
    pthread_self.restype = ctypes.c_void_p
    block = pthread_self()
    words = (ctypes.c_int * 512).from_address(block)
    places = [block + 4 * offset for offset, word in enumerate(words) if word == os.getpid()]
    return places[0] if len(places) == 1 else None
