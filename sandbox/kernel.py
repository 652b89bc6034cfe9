"""The kernel calls that Python does not offer, through ctypes. Knows no policy.

Runs inside the box (standard library only, executed by path). x86-64 and 64-bit Arm.
"""

import ctypes
import os
import platform

CLONE_NEWNS = 0x00020000
CLONE_NEWCGROUP = 0x02000000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_RDONLY, MS_NOSUID, MS_NODEV = 1, 2, 4
MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 32, 4096, 16384, 1 << 18
MNT_DETACH = 2

PR_SET_PDEATHSIG, PR_SET_KEEPCAPS, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 1, 8, 24, 38
SECCOMP_SET_MODE_FILTER = 1

_NUMBERS = {
    "x86_64": {"pivot_root": 155, "seccomp": 317, "mount_setattr": 442, "capset": 126},
    "aarch64": {"pivot_root": 41, "seccomp": 277, "mount_setattr": 442, "capset": 91},
}
MACHINE = platform.machine()

_libc = ctypes.CDLL(None, use_errno=True)


def _checked(result, what):
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def unshare(flags):
    """Move this process (for CLONE_NEWPID: its next child) into new namespaces."""
    _checked(_libc.unshare(ctypes.c_int(flags)), "unshare")


def setns(fd, kind):
    """Enter the namespace that `fd` stands for (for CLONE_NEWPID: with the next child)."""
    _checked(_libc.setns(ctypes.c_int(fd), ctypes.c_int(kind)), "setns")


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
    result = syscall(
        "mount_setattr",
        ctypes.c_int(-100),
        os.fsencode(target),
        recursive,
        attributes,
        ctypes.sizeof(attributes),
    )
    _checked(result, f"mount_setattr {target}")


def pivot_root(folder):
    """Make `folder` the root and drop every other mount out of sight."""
    os.chdir(folder)
    _checked(syscall("pivot_root", b".", b"."), "pivot_root")
    unmount(".")
    os.chdir("/")


def prctl(option, value=0):
    """Set a process attribute."""
    zero = ctypes.c_ulong(0)
    _checked(_libc.prctl(ctypes.c_int(option), ctypes.c_ulong(value), zero, zero, zero), "prctl")


def forbid_new_privileges():
    """Make sure that neither this process nor a child ever gains a capability that it does not hold now."""
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    for capability in range(64):
        if _libc.prctl(PR_CAPBSET_DROP, ctypes.c_ulong(capability), 0, 0, 0) < 0:
            break


_CAPABILITY_HEADER = (ctypes.c_uint32 * 2)(0x20080522, 0)
_NO_CAPABILITIES = (ctypes.c_uint32 * 6)()
_SYS_ADMIN = (ctypes.c_uint32 * 6)(1 << 21, 1 << 21, 0, 0, 0, 0)


def drop_capabilities():
    """Give up every capability that this process holds."""
    _checked(syscall("capset", _CAPABILITY_HEADER, _NO_CAPABILITIES), "capset")


def keep_system_administration():
    """Give up every capability but the one for namespaces and mounts, which holds in this user namespace alone."""
    _checked(syscall("capset", _CAPABILITY_HEADER, _SYS_ADMIN), "capset")


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def packed_filter(program):
    """Return a seccomp program (bytes of `sock_filter`s) in the form that `install_filter` takes."""
    return _Program(len(program) // 8, program)


def install_filter(packed):
    """Put a seccomp filter on this thread and its future children."""
    _checked(syscall("seccomp", SECCOMP_SET_MODE_FILTER, 0, ctypes.byref(packed)), "seccomp")


def syscall(name, *arguments):
    """Make a system call by name; returns its result, negative on failure with errno set."""
    return _libc.syscall(ctypes.c_long(_NUMBERS[MACHINE][name]), *arguments)
