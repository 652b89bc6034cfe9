"""The seccomp filters of a snippet: which system calls are refused, as small BPF programs.

Deny lists, on top of namespaces (isolation A), of Landlock (B) or of nothing (C): everything that makes processes,
sockets or namespaces, reaches other processes, or talks to rare corners of the kernel; for B and C also what the walls
of A would make harmless. Runs inside the box (standard library only).
"""

import errno
import struct
from _signal import SIGKILL

import calls
import kernel

ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}

_LOAD, _AND, _JUMP_EQUAL, _JUMP_AT_LEAST, _JUMP_SET, _RETURN = 0x20, 0x54, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_REFUSE = (_RETURN, 0, 0, _ERRNO | errno.EPERM)
_MISSING = (_RETURN, 0, 0, _ERRNO | errno.ENOSYS)
_PASS = (_RETURN, 0, 0, _ALLOW)
_COLUMN, _AUDIT_ARCH = ARCHITECTURES.get(kernel.MACHINE, (0, 0))
OWN_PROCESS = 0x7FFFFFF1
"""Stands in a child's filter where its process id goes."""


def of_namespaces():
    """Return the whole filter of isolation A: on the server, and so on all its children.

    The one clone beside a thread's that passes makes a PID namespace, which the kernel refuses to who lacks the
    capability for it: the server has it, its children do not.
    """
    processes = [*_refusals(calls.FORK), *_threads_or(kernel.NEW_PID_NAMESPACE), *_one_at_a_time()]
    return _packed([*_start(), *_refusals(calls.REFUSED), *processes, *_channels_as_they_are(), _PASS])


def of_servers(*, changes_nothing, is_owner, landlock, servers_page=None):
    """Return the bulk of the filter of isolation B or C, on the server and so on all its children.

    `changes_nothing`: no file system may be changed (C). `is_owner`: the snippet's user may own other files. `landlock`
    is the version of Landlock in force; before the third it lets whoever may read a file cut it short. `servers_page`
    is a page that no child has; with one, this filter is all that is needed, else `of_child` comes on top.
    """
    refused = calls.REFUSED | calls.MOUNT | calls.REACHING_OUT | calls.LASTING_ATTRIBUTES
    rules = [*_without(calls.IOCTL, 1, calls.SET_FILE_FLAGS), *_only(calls.SCHED_SETAFFINITY[_COLUMN], 0, (0,))]
    if changes_nothing:
        refused |= calls.CHANGING_FILES
        rules += [*_unless_writing(calls.OPEN, 1), *_unless_writing(calls.OPENAT, 2), *_missing(calls.OPENAT2)]
    elif landlock < 3:
        refused |= calls.TRUNCATE
        rules += [*_unless_cutting(calls.OPEN, 1), *_unless_cutting(calls.OPENAT, 2), *_missing(calls.OPENAT2)]
    if is_owner:
        refused |= calls.OWNERS_RIGHTS
    if servers_page is not None:
        refused |= calls.FORK | calls.PLACING
        rules += _by_page(servers_page)
    return _packed([*_start(), *_refusals(refused), *rules, *_channels_as_they_are(), _PASS])


def of_child():
    """Return what a child of isolation B or C adds: no processes, and signals to itself alone.

    The architecture has been checked by the server's filter. `own_process_places` says where the process id goes.
    """
    rules = [(_LOAD, 0, 0, 0), *_refusals(calls.FORK), *_threads_or(None)]
    for number in calls.TO_ITSELF.values():
        rules += _only(number[_COLUMN], 0, (0, OWN_PROCESS))
    rules += _without(calls.PRCTL, 0, (kernel.PR_SET_PDEATHSIG,))  # it dies with its server
    return _packed([*rules, _PASS])


def _by_page(page):
    """Let the server make processes and limit them, and no child, by pointers: to a page that only the server has.

    A child can make the same calls, but they fail in the kernel, which finds no memory at the pointer. So that none can
    be put there, nobody may choose a place in the 4 GiB around the page, nor so much at one go that it reaches over.
    """
    there, half = page >> 32, 1 << 31
    to_page = [(_JUMP_EQUAL, 0, 1, there), _PASS, _REFUSE]
    clone = [
        *((_LOAD, 0, 0, _argument(0)), (_JUMP_SET, 0, 1, calls.CLONE_THREAD), _PASS),
        *((_JUMP_EQUAL, 1, 0, kernel.NEW_PROCESS), _REFUSE, (_LOAD, 0, 0, _upper(2)), *to_page),
    ]
    limits = [(_LOAD, 0, 0, _argument(0)), (_JUMP_EQUAL, 0, 1, 0), _PASS, (_LOAD, 0, 0, _upper(2)), *to_page]
    place = [
        *((_LOAD, 0, 0, _argument(3)), (_JUMP_SET, 0, 1, calls.MAP_GROWSDOWN), _REFUSE),
        *((_LOAD, 0, 0, _upper(0)), (_JUMP_EQUAL, 0, 1, there), _REFUSE),
        *((_JUMP_EQUAL, 0, 3, 0), (_LOAD, 0, 0, _argument(0)), (_JUMP_EQUAL, 0, 1, 0), _PASS),
        *_less_than(half, 1),
    ]
    moved = [
        *((_LOAD, 0, 0, _argument(3)), (_JUMP_SET, 0, 3, calls.MREMAP_PLACED)),
        *((_LOAD, 0, 0, _upper(4)), (_JUMP_EQUAL, 0, 1, there), _REFUSE),
        *_less_than(half, 2),
    ]
    ends_with_server = [
        *((_LOAD, 0, 0, _argument(0)), (_JUMP_EQUAL, 1, 0, kernel.PR_SET_PDEATHSIG), _PASS),
        *((_LOAD, 0, 0, _argument(1)), (_JUMP_EQUAL, 1, 0, SIGKILL), _REFUSE, _PASS),
    ]
    bodies = (
        (calls.CLONE, clone),
        (calls.TO_ITSELF["prlimit64"], limits),
        (calls.MMAP, place),
        (calls.MREMAP, moved),
        (calls.PRCTL, ends_with_server),
    )
    lines = [*_missing(calls.CLONE3), *_one_at_a_time()]
    for numbers, body in bodies:
        lines += [(_JUMP_EQUAL, 0, len(body), numbers[_COLUMN]), *body]
    return lines


def _less_than(most, argument):
    """Let a call pass only if an argument is less than `most`, itself of 32 bits."""
    upper = [(_LOAD, 0, 0, _upper(argument)), (_JUMP_EQUAL, 1, 0, 0), _REFUSE]
    return [*upper, (_LOAD, 0, 0, _argument(argument)), (_JUMP_AT_LEAST, 0, 1, most), _REFUSE, _PASS]


def own_process_places(program):
    """Return the offsets in a child's filter at which its process id stands."""
    needle = struct.pack("=I", OWN_PROCESS)
    return [offset + 4 for offset in range(0, len(program), 8) if program[offset + 4 : offset + 8] == needle]


def _start():
    lines = [(_LOAD, 0, 0, 4), (_JUMP_EQUAL, 1, 0, _AUDIT_ARCH), (_RETURN, 0, 0, _KILL), (_LOAD, 0, 0, 0)]
    if kernel.MACHINE == "x86_64":  # the x32 calls share the architecture and start at this number
        lines += [(_JUMP_AT_LEAST, 0, 1, 0x40000000), (_RETURN, 0, 0, _KILL)]
    return [*lines, (_JUMP_AT_LEAST, 0, 1, calls.NEWEST), _MISSING]


def _refusals(calls):
    lines = []
    for name in sorted(calls):
        number = calls[name][_COLUMN]
        if number >= 0:
            lines += [(_JUMP_EQUAL, 0, 1, number), _REFUSE]
    return lines


def _missing(numbers):
    return [(_JUMP_EQUAL, 0, 1, numbers[_COLUMN]), _MISSING]


def _threads_or(flags):
    """Let clone pass for threads and, unless None, for exactly `flags`.

    clone3 answers ENOSYS, never EPERM: its flags lie behind a pointer, and glibc then falls back to clone, whose flags
    can be read.
    """
    exactly = [] if flags is None else [(_JUMP_EQUAL, 1, 0, flags)]
    body = [(_LOAD, 0, 0, _argument(0)), *exactly, (_JUMP_SET, 0, 1, calls.CLONE_THREAD), _PASS, _REFUSE]
    return [*_missing(calls.CLONE3), (_JUMP_EQUAL, 0, len(body), calls.CLONE[_COLUMN]), *body]


def _channels_as_they_are():
    """Refuse what would make of a channel more than it is.

    socketpair makes streams alone: a datagram one of a pair could send to any named socket. A pipe keeps its size and
    its kind, which would stay for the next snippet, and has no signals sent.
    """
    pair = [(_LOAD, 0, 0, _argument(1)), (_AND, 0, 0, 0xF), (_JUMP_EQUAL, 0, 1, 1), _PASS, _REFUSE]
    flags = [(_LOAD, 0, 0, _argument(2)), (_JUMP_SET, 0, 1, calls.O_DIRECT), _REFUSE, _PASS]
    commands = (calls.F_SETPIPE_SZ, *calls.SIGNALLING)
    tests = [(_JUMP_EQUAL, len(commands) - place, 0, value) for place, value in enumerate(commands)]
    fcntl = [(_LOAD, 0, 0, _argument(1)), (_JUMP_EQUAL, 0, len(flags), calls.F_SETFL), *flags, *tests, _PASS, _REFUSE]
    return [
        (_JUMP_EQUAL, 0, len(pair), calls.SOCKETPAIR[_COLUMN]),
        *pair,
        (_JUMP_EQUAL, 0, len(fcntl), calls.FCNTL[_COLUMN]),
        *fcntl,
    ]


def _one_at_a_time():
    """Let kill pass for one process, not for groups: the group of a snippet is its server's, outside the namespace."""
    body = [(_LOAD, 0, 0, _argument(0)), (_JUMP_EQUAL, 1, 0, 0), (_JUMP_SET, 0, 1, 0x80000000), _REFUSE, _PASS]
    return [(_JUMP_EQUAL, 0, len(body), calls.TO_ITSELF["kill"][_COLUMN]), *body]


def _without(numbers, argument, values):
    """Refuse a call whose argument (its lower 32 bits) is one of `values`."""
    tests = [(_JUMP_EQUAL, len(values) - place, 0, value) for place, value in enumerate(values)]
    body = [(_LOAD, 0, 0, _argument(argument)), *tests, _PASS, _REFUSE]
    return [(_JUMP_EQUAL, 0, len(body), numbers[_COLUMN]), *body]


def _unless_writing(numbers, argument):
    body = [(_LOAD, 0, 0, _argument(argument)), (_JUMP_SET, 0, 1, calls.WRITING), _REFUSE, _PASS]
    return [(_JUMP_EQUAL, 0, len(body), numbers[_COLUMN]), *body] if numbers[_COLUMN] >= 0 else []


def _unless_cutting(numbers, argument):
    """Refuse to open for reading and cut short: a file open for writing has been looked at by Landlock."""
    mask = (_AND, 0, 0, 0o3 | calls.O_TRUNC)
    body = [(_LOAD, 0, 0, _argument(argument)), mask, (_JUMP_EQUAL, 0, 1, calls.O_TRUNC), _REFUSE, _PASS]
    return [(_JUMP_EQUAL, 0, len(body), numbers[_COLUMN]), *body] if numbers[_COLUMN] >= 0 else []


def _only(number, argument, values):
    """Let a call pass only if an argument (its lower 32 bits) is one of `values`."""
    tests = [(_JUMP_EQUAL, len(values) - place, 0, value) for place, value in enumerate(values)]
    body = [(_LOAD, 0, 0, _argument(argument)), *tests, _REFUSE, _PASS]
    return [(_JUMP_EQUAL, 0, len(body), number), *body]


def _argument(position):
    """Return where the lower 32 bits of an argument stand."""
    return 16 + 8 * position


def _upper(position):
    return _argument(position) + 4


def _packed(lines):
    return b"".join(struct.pack("=HBBI", *line) for line in lines)
