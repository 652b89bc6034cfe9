"""Set a limit of the process that started this one (to what it is anyhow).

group = 6
expect = { A = "ok", B = "ok", C = "ok" }
"""

import ctypes
import os
import platform

libc = ctypes.CDLL(None, use_errno=True)
number = ctypes.c_long(302 if platform.machine() == "x86_64" else 261)
NOFILE = ctypes.c_long(7)
values = (ctypes.c_uint64 * 2)()
parent = ctypes.c_long(os.getppid())
seen = libc.syscall(number, parent, NOFILE, None, values)
if os.getppid() and seen == 0 and libc.syscall(number, parent, NOFILE, values, None) == 0:
    print("attack worked")
