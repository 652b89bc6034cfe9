"""The seccomp filter of a snippet: which system calls are refused, as a small BPF program.

A deny list on top of namespaces: everything that makes processes, sockets or namespaces, traces or loads code into the
kernel. Runs inside the box (standard library only).
"""

import errno
import struct

REFUSED = {
    # name: (x86-64, 64-bit Arm); -1 where the architecture lacks the call
    "fork": (57, -1),
    "vfork": (58, -1),
    "execve": (59, 221),
    "execveat": (322, 281),
    "socket": (41, 198),
    "connect": (42, 203),
    "bind": (49, 200),
    "listen": (50, 201),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "pidfd_getfd": (438, 438),
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsmount": (432, 432),
    "mount_setattr": (442, 442),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "personality": (135, 92),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "kexec_load": (246, 104),
    "open_by_handle_at": (304, 265),
    "swapon": (167, 224),
    "reboot": (169, 142),
    "acct": (163, 89),
    "quotactl": (179, 60),
    "syslog": (103, 116),
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "msgget": (68, 186),
    "semget": (64, 190),
    "mq_open": (240, 180),
}
SERVERS_OWN = frozenset({"fork", "vfork", "unshare", "setns", "mount", "umount2"})
"""Calls that the fork server needs, refused in its children only."""
CLONE = (56, 220)
CLONE3 = (435, 435)
CLONE_THREAD = 0x00010000
ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}

_LOAD, _JUMP_EQUAL, _JUMP_AT_LEAST, _JUMP_SET, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000


def servers(machine):
    """Return the bulk of the filter, for the server and so for all its children: everything that neither needs."""
    column, audit_arch = ARCHITECTURES[machine]
    lines = [
        (_LOAD, 0, 0, 4),
        (_JUMP_EQUAL, 1, 0, audit_arch),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, 0),
    ]
    if machine == "x86_64":  # the x32 calls share the architecture and start at this number
        lines += [(_JUMP_AT_LEAST, 0, 1, 0x40000000), (_RETURN, 0, 0, _KILL)]
    lines += _refusals(REFUSED.keys() - SERVERS_OWN, column)
    return _packed([*lines, (_RETURN, 0, 0, _ALLOW)])


def childs(machine):
    """Return what a child adds: no new processes, namespaces or mounts. Installing is dear, so it is short.

    clone3 answers ENOSYS, never EPERM: its flags lie behind a pointer, and glibc then falls back to clone, whose flags
    can be read. clone is allowed for threads alone. The architecture has been checked by the server's filter.
    """
    column, _ = ARCHITECTURES[machine]
    return _packed(
        [
            (_LOAD, 0, 0, 0),
            *_refusals(SERVERS_OWN, column),
            (_JUMP_EQUAL, 0, 1, CLONE3[column]),
            (_RETURN, 0, 0, _ERRNO | errno.ENOSYS),
            (_JUMP_EQUAL, 0, 3, CLONE[column]),
            (_LOAD, 0, 0, 16),
            (_JUMP_SET, 1, 0, CLONE_THREAD),
            (_RETURN, 0, 0, _ERRNO | errno.EPERM),
            (_RETURN, 0, 0, _ALLOW),
        ]
    )


def _refusals(names, column):
    lines = []
    for name in sorted(names):
        number = REFUSED[name][column]
        if number >= 0:
            lines += [(_JUMP_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ERRNO | errno.EPERM)]
    return lines


def _packed(lines):
    return b"".join(struct.pack("=HBBI", *line) for line in lines)
