"""The system calls that the filters speak of, by name and number, grouped by why they are refused. Does nothing.

Runs inside the box (standard library only).
"""

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
PLACING = {
    "arch_prctl": (158, -1),
    "map_shadow_stack": (453, 453),
    "shmat": (30, 196),
}
"""Ways to choose where memory lies, beside mmap and mremap, whose arguments are looked at."""
MMAP, MREMAP = (9, 222), (25, 216)
MAP_GROWSDOWN, MREMAP_PLACED = 0x100, 0b110
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
