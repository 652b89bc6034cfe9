"""The seccomp filters of a snippet: which system calls are refused, as small BPF programs.

Deny lists, on top of namespaces (isolation A), of Landlock (B) or of nothing (C): everything that makes processes,
sockets or namespaces, reaches other processes, or talks to rare corners of the kernel; for B and C also what the walls
of A would make harmless. Runs inside the box (standard library only).
"""

import errno
import struct

import kernel

REFUSED = {
    # name: (x86-64, 64-bit Arm); -1 where the architecture lacks the call
    "execve": (59, 221),
    "execveat": (322, 281),
    "unshare": (272, 97),
    "setns": (308, 268),
    "socket": (41, 198),
    "connect": (42, 203),
    "bind": (49, 200),
    "listen": (50, 201),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "process_mrelease": (448, 448),
    "pidfd_getfd": (438, 438),
    "kcmp": (312, 272),
    "migrate_pages": (256, 238),
    "move_pages": (279, 239),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "open_tree_attr": (467, 467),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "open_by_handle_at": (304, 265),
    "name_to_handle_at": (303, 264),
    "fanotify_init": (300, 262),
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
    "modify_ldt": (154, -1),
    "iopl": (172, -1),
    "ioperm": (173, -1),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "reboot": (169, 142),
    "acct": (163, 89),
    "syslog": (103, 116),
    "vhangup": (153, 58),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "adjtimex": (159, 171),
    "clock_adjtime": (305, 266),
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "msgget": (68, 186),
    "semget": (64, 190),
    "mq_open": (240, 180),
}
FORK = {"fork": (57, -1), "vfork": (58, -1)}
"""Also refused: clone for anything but threads, and clone3, whose flags lie behind a pointer."""
MOUNT = {"mount": (165, 40), "umount2": (166, 39)}
"""Needed by the server of isolation A alone; its children lack the capability."""
REACHING_OUT = {
    "tkill": (200, 130),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "pidfd_send_signal": (424, 424),
    "setpriority": (141, 140),
    "ioprio_set": (251, 30),
    "sched_setscheduler": (144, 119),
    "sched_setparam": (142, 118),
    "sched_setattr": (314, 274),
}
"""Calls that reach other processes of the same user, where no PID namespace hides them."""
TO_ITSELF = {
    "kill": (62, 129),
    "tgkill": (234, 131),
    "prlimit64": (302, 261),
}
"""Likewise, but allowed where the first argument is the snippet's own process, or 0."""
SCHED_SETAFFINITY = (203, 122)
"""Likewise, but allowed for 0, the caller; in the bulk, since each rule of a child's filter costs each child."""
OWNERS_RIGHTS = {
    "chmod": (90, -1),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "chown": (92, -1),
    "fchown": (93, 55),
    "lchown": (94, -1),
    "fchownat": (260, 54),
    "utime": (132, -1),
    "utimes": (235, -1),
    "futimesat": (261, -1),
    "utimensat": (280, 88),
    "file_setattr": (469, 469),
}
"""Changes of a file's attributes: Landlock lets them pass, wherever the file lies, if its owner asks."""
LASTING_ATTRIBUTES = {
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "fremovexattr": (199, 16),
    "setxattrat": (463, 463),
    "removexattrat": (466, 466),
}
"""Attributes that would stay on the working folder for the next snippet."""
TRUNCATE = {"truncate": (76, 45)}
CHANGING_FILES = {
    **OWNERS_RIGHTS,
    **TRUNCATE,
    "creat": (85, -1),
    "mkdir": (83, -1),
    "mkdirat": (258, 34),
    "rmdir": (84, -1),
    "unlink": (87, -1),
    "unlinkat": (263, 35),
    "rename": (82, -1),
    "renameat": (264, 38),
    "renameat2": (316, 276),
    "link": (86, -1),
    "linkat": (265, 37),
    "symlink": (88, -1),
    "symlinkat": (266, 36),
    "mknod": (133, -1),
    "mknodat": (259, 33),
}
"""With opening for writing, everything that changes a file system by name."""
OPEN, OPENAT, OPENAT2 = (2, -1), (257, 56), (437, 437)
WRITING = 0o3 | 0o100 | 0o1000 | 0o20000000
"""O_ACCMODE, O_CREAT, O_TRUNC and the bit of O_TMPFILE that no other flag sets."""
SOCKETPAIR = (53, 199)
FCNTL, IOCTL, PRCTL = (72, 25), (16, 29), (157, 167)
F_SETFL, F_SETPIPE_SZ = 4, 1031
O_DIRECT = 0o40000 if kernel.MACHINE == "x86_64" else 0o200000
SIGNALLING = (8, 10, 15)
"""F_SETOWN, F_SETSIG, F_SETOWN_EX of fcntl: have the kernel signal another process."""
SET_FILE_FLAGS = (0x40086602, 0x40046602, 0x401C5820)
"""FS_IOC_SETFLAGS, FS_IOC32_SETFLAGS and FS_IOC_FSSETXATTR of ioctl: work on a file that is open for reading."""
O_TRUNC = 0o1000
NEWEST = 475
"""No call with a higher number is known here; such ones do not exist for snippets."""
CLONE, CLONE3 = (56, 220), (435, 435)
CLONE_THREAD = 0x00010000
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
    processes = [*_refusals(FORK), *_threads_or(kernel.NEW_PID_NAMESPACE), *_one_at_a_time()]
    return _packed([*_start(), *_refusals(REFUSED), *processes, *_channels_as_they_are(), _PASS])


def of_servers(*, changes_nothing, is_owner, landlock):
    """Return the bulk of the filter of isolation B or C, on the server and so on all its children.

    `changes_nothing`: no file system may be changed (C). `is_owner`: the snippet's user may own other files. `landlock`
    is the version of Landlock in force; before the third it lets whoever may read a file cut it short.
    """
    refused = REFUSED | MOUNT | REACHING_OUT | LASTING_ATTRIBUTES
    rules = [*_without(IOCTL, 1, SET_FILE_FLAGS), *_only(SCHED_SETAFFINITY[_COLUMN], 0, (0,))]
    if changes_nothing:
        refused |= CHANGING_FILES
        rules += [*_unless_writing(OPEN, 1), *_unless_writing(OPENAT, 2), *_missing(OPENAT2)]
    elif landlock < 3:
        refused |= TRUNCATE
        rules += [*_unless_cutting(OPEN, 1), *_unless_cutting(OPENAT, 2), *_missing(OPENAT2)]
    if is_owner:
        refused |= OWNERS_RIGHTS
    return _packed([*_start(), *_refusals(refused), *rules, *_channels_as_they_are(), _PASS])


def of_child():
    """Return what a child of isolation B or C adds: no processes, and signals to itself alone.

    The architecture has been checked by the server's filter. `own_process_places` says where the process id goes.
    """
    rules = [(_LOAD, 0, 0, 0), *_refusals(FORK), *_threads_or(None)]
    for number in TO_ITSELF.values():
        rules += _only(number[_COLUMN], 0, (0, OWN_PROCESS))
    rules += _without(PRCTL, 0, (kernel.PR_SET_PDEATHSIG,))  # it dies with its server
    return _packed([*rules, _PASS])


def own_process_places(program):
    """Return the offsets in a child's filter at which its process id stands."""
    needle = struct.pack("=I", OWN_PROCESS)
    return [offset + 4 for offset in range(0, len(program), 8) if program[offset + 4 : offset + 8] == needle]


def _start():
    lines = [(_LOAD, 0, 0, 4), (_JUMP_EQUAL, 1, 0, _AUDIT_ARCH), (_RETURN, 0, 0, _KILL), (_LOAD, 0, 0, 0)]
    if kernel.MACHINE == "x86_64":  # the x32 calls share the architecture and start at this number
        lines += [(_JUMP_AT_LEAST, 0, 1, 0x40000000), (_RETURN, 0, 0, _KILL)]
    return [*lines, (_JUMP_AT_LEAST, 0, 1, NEWEST), _MISSING]


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
    body = [(_LOAD, 0, 0, _argument(0)), *exactly, (_JUMP_SET, 0, 1, CLONE_THREAD), _PASS, _REFUSE]
    return [*_missing(CLONE3), (_JUMP_EQUAL, 0, len(body), CLONE[_COLUMN]), *body]


def _channels_as_they_are():
    """Refuse what would make of a channel more than it is.

    socketpair makes streams alone: a datagram one of a pair could send to any named socket. A pipe keeps its size and
    its kind, which would stay for the next snippet, and has no signals sent.
    """
    pair = [(_LOAD, 0, 0, _argument(1)), (_AND, 0, 0, 0xF), (_JUMP_EQUAL, 0, 1, 1), _PASS, _REFUSE]
    flags = [(_LOAD, 0, 0, _argument(2)), (_JUMP_SET, 0, 1, O_DIRECT), _REFUSE, _PASS]
    commands = (F_SETPIPE_SZ, *SIGNALLING)
    tests = [(_JUMP_EQUAL, len(commands) - place, 0, value) for place, value in enumerate(commands)]
    fcntl = [(_LOAD, 0, 0, _argument(1)), (_JUMP_EQUAL, 0, len(flags), F_SETFL), *flags, *tests, _PASS, _REFUSE]
    return [
        (_JUMP_EQUAL, 0, len(pair), SOCKETPAIR[_COLUMN]),
        *pair,
        (_JUMP_EQUAL, 0, len(fcntl), FCNTL[_COLUMN]),
        *fcntl,
    ]


def _one_at_a_time():
    """Let kill pass for one process, not for groups: the group of a snippet is its server's, outside the namespace."""
    body = [(_LOAD, 0, 0, _argument(0)), (_JUMP_EQUAL, 1, 0, 0), (_JUMP_SET, 0, 1, 0x80000000), _REFUSE, _PASS]
    return [(_JUMP_EQUAL, 0, len(body), TO_ITSELF["kill"][_COLUMN]), *body]


def _without(numbers, argument, values):
    """Refuse a call whose argument (its lower 32 bits) is one of `values`."""
    tests = [(_JUMP_EQUAL, len(values) - place, 0, value) for place, value in enumerate(values)]
    body = [(_LOAD, 0, 0, _argument(argument)), *tests, _PASS, _REFUSE]
    return [(_JUMP_EQUAL, 0, len(body), numbers[_COLUMN]), *body]


def _unless_writing(numbers, argument):
    body = [(_LOAD, 0, 0, _argument(argument)), (_JUMP_SET, 0, 1, WRITING), _REFUSE, _PASS]
    return [(_JUMP_EQUAL, 0, len(body), numbers[_COLUMN]), *body] if numbers[_COLUMN] >= 0 else []


def _unless_cutting(numbers, argument):
    """Refuse to open for reading and cut short: a file open for writing has been looked at by Landlock."""
    mask = (_AND, 0, 0, 0o3 | O_TRUNC)
    body = [(_LOAD, 0, 0, _argument(argument)), mask, (_JUMP_EQUAL, 0, 1, O_TRUNC), _REFUSE, _PASS]
    return [(_JUMP_EQUAL, 0, len(body), numbers[_COLUMN]), *body] if numbers[_COLUMN] >= 0 else []


def _only(number, argument, values):
    """Let a call pass only if an argument (its lower 32 bits) is one of `values`."""
    tests = [(_JUMP_EQUAL, len(values) - place, 0, value) for place, value in enumerate(values)]
    body = [(_LOAD, 0, 0, _argument(argument)), *tests, _REFUSE, _PASS]
    return [(_JUMP_EQUAL, 0, len(body), number), *body]


def _argument(position):
    return 16 + 8 * position


def _packed(lines):
    return b"".join(struct.pack("=HBBI", *line) for line in lines)
