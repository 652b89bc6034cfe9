"""The kernel calls that Python does not offer, through ctypes. Knows no policy.

Runs inside the box (standard library only, executed by path). x86-64 and 64-bit Arm.

Two ways lead to the kernel. What happens once per worker goes through a library handle that keeps errno and explains
failures. What happens once per snippet goes through one that does nothing else: its arguments are made beforehand,
because every page that a child touches for the first time costs about 2 µs.
"""

import ctypes
import os
from _signal import SIGCHLD

CLONE_NEWNS = 0x00020000
CLONE_NEWCGROUP = 0x02000000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000
CLONE_PIDFD, CLONE_CHILD_SETTID = 0x00001000, 0x01000000
NEW_PROCESS = CLONE_PIDFD | CLONE_CHILD_SETTID | SIGCHLD
NEW_PID_NAMESPACE = CLONE_NEWPID | CLONE_PIDFD | SIGCHLD
"""The flags of the one kind of clone, beside a thread's, that the filter of isolation A lets through."""

MS_RDONLY, MS_NOSUID, MS_NODEV = 1, 2, 4
MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 32, 4096, 16384, 1 << 18
MNT_DETACH = 2

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 1, 4, 24, 38
SECCOMP_SET_MODE_FILTER = 1
CAP_KILL, CAP_SETUID, CAP_SYS_ADMIN, CAP_SYS_RESOURCE = 5, 7, 21, 24

RLIMIT_CPU, RLIMIT_FSIZE, RLIMIT_CORE, RLIMIT_NPROC, RLIMIT_NOFILE, RLIMIT_AS = 0, 1, 4, 6, 7, 9

_NUMBERS = {
    # name: (x86-64, 64-bit Arm)
    "clone": (56, 220),
    "ppoll": (271, 73),
    "wait4": (61, 260),
    "close": (3, 57),
    "pivot_root": (155, 41),
    "seccomp": (317, 277),
    "mount_setattr": (442, 442),
    "capset": (126, 91),
    "prctl": (157, 167),
    "setresuid": (117, 147),
    "mremap": (25, 216),
    "prlimit64": (302, 261),
}
MACHINE = os.uname().machine

_libc = ctypes.CDLL(None, use_errno=True)
bare = ctypes.PyDLL(None).syscall
"""Keeps the interpreter's lock, since what forks must not hand it over. Answers as syscall(2), and says no more."""


def _checked(result, what):
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def syscall(number, *arguments, what):
    """Make a system call by number; `what` names it when it fails."""
    return _checked(_libc.syscall(ctypes.c_long(number), *arguments), what)


def number(name):
    """Return the number of a system call on this machine."""
    return _NUMBERS[name][MACHINE == "aarch64"]


def unshare(flags):
    """Move this process (for CLONE_NEWPID: its next child) into new namespaces."""
    _checked(_libc.unshare(ctypes.c_int(flags)), "unshare")


def mount(source, target, kind, flags, data=None):
    """Mount; texts, or None."""
    arguments = [None if text is None else os.fsencode(text) for text in (source, target, kind, data)]
    source, target, kind, data = arguments
    result = _libc.mount(source, target, kind, ctypes.c_ulong(flags), data)
    _checked(result, f"mount {os.fsdecode(target)}")


def unmount(target):
    """Detach what is mounted at `target`, busy or not."""
    _checked(_libc.umount2(os.fsencode(target), ctypes.c_int(MNT_DETACH)), f"umount {target}")


def bind_read_only(source, target):
    """Show `source` at `target`, with all mounts below it, read-only and without devices or set-user-id."""
    mount(source, target, None, MS_BIND | MS_REC)
    attributes = (ctypes.c_uint64 * 4)(MS_RDONLY | MS_NOSUID | MS_NODEV, 0, 0, 0)
    recursive = 0x8000
    size = ctypes.sizeof(attributes)
    place = ctypes.c_int(-100), os.fsencode(target), recursive
    syscall(number("mount_setattr"), *place, attributes, size, what=f"mount_setattr {target}")


def set_host_name(name):
    """Name the machine, in this UTS namespace."""
    _checked(_libc.sethostname(name.encode(), len(name)), "sethostname")


def pivot_root(folder):
    """Make `folder` the root and drop every other mount out of sight."""
    os.chdir(folder)
    syscall(number("pivot_root"), b".", b".", what="pivot_root")
    unmount(".")
    os.chdir("/")


def prctl(option, value=0):
    """Set a process attribute."""
    zero = ctypes.c_ulong(0)
    _checked(_libc.prctl(ctypes.c_int(option), ctypes.c_ulong(value), zero, zero, zero), f"prctl {option}")


def limit(kind, value):
    """Limit this process and its children, soft and hard; to no more than it is limited to already."""
    value = value_within(kind, value)
    limits = (ctypes.c_uint64 * 2)(value, value)
    syscall(number("prlimit64"), 0, kind, limits, None, what=f"limit {kind}")


def value_within(kind, value):
    """Return a value for a limit, or what this process is limited to if that is less."""
    found = (ctypes.c_uint64 * 2)()
    syscall(number("prlimit64"), 0, kind, None, found, what=f"limit {kind}")
    return min(value, found[1])


def forbid_new_privileges():
    """Make sure that neither this process nor a child ever gains a capability that it does not hold now."""
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    for capability in range(64):
        if _libc.prctl(PR_CAPBSET_DROP, ctypes.c_ulong(capability), 0, 0, 0) < 0:
            break


_CAPABILITY_HEADER = (ctypes.c_uint32 * 2)(0x20080522, 0)


def keep_capabilities(*kept):
    """Give up every capability of this process but those named."""
    mask = sum(1 << capability for capability in kept)
    sets = (ctypes.c_uint32 * 6)(mask, mask, 0, 0, 0, 0)
    syscall(number("capset"), _CAPABILITY_HEADER, sets, what="capset")


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


class Filter:
    """A seccomp program, made ready in the server so that a child only has to install it."""

    def __init__(self, program):
        """Take the program as bytes of `sock_filter`s."""
        self._bytes = (ctypes.c_char * len(program)).from_buffer_copy(program)
        self._program = _Program(len(program) // 8, ctypes.addressof(self._bytes))
        self._arguments = (number("seccomp"), SECCOMP_SET_MODE_FILTER, 0, ctypes.byref(self._program))

    def put(self, offsets, value):
        """Write a number of 4 bytes at each of these offsets."""
        data = value.to_bytes(4, "little")
        for offset in offsets:
            self._bytes[offset : offset + 4] = data

    def install(self):
        """Put the filter on this thread and its future children."""
        if bare(*self._arguments) != 0:
            raise OSError("the seccomp filter could not be installed")


DIE_WITH_SERVER = number("prctl"), PR_SET_PDEATHSIG, 9, 0, 0, 0
"""The system call by which a process has the kernel kill it when the one that forked it ends."""


def die_with_server():
    """Have the kernel kill this process when the one that forked it ends."""
    if bare(*DIE_WITH_SERVER) != 0:
        raise OSError("prctl: no signal at the server's end")


_no_capabilities = (ctypes.c_uint32 * 6)()
DROP_CAPABILITIES = number("capset"), ctypes.addressof(_CAPABILITY_HEADER), ctypes.addressof(_no_capabilities)
"""The system call by which a process gives up every capability that it holds."""
