"""Make a system call by the numbers of another architecture.

group = 10
expect = { A = "blocked", B = "blocked", C = "blocked" }
"""

import ctypes

libc = ctypes.CDLL(None, use_errno=True)
import mmap
import platform

if platform.machine() != "x86_64":
    raise PermissionError("only x86-64 has these")
libc.syscall(ctypes.c_long(0x40000000 + 39))
print("attack worked")
