"""Fork as the box itself does, into a new PID namespace.

group = 10
expect = { A = "ok", B = "ok", C = "ok" }
needs_root = true
"""

import ctypes

libc = ctypes.CDLL(None, use_errno=True)
import os
import platform

number = 56 if platform.machine() == "x86_64" else 220
pidfd = ctypes.c_int()
pid = libc.syscall(ctypes.c_long(number), ctypes.c_long(0x20001011), 0, ctypes.byref(pidfd), 0, 0)
if pid == 0:
    os._exit(0)
if pid > 0:
    os.waitpid(pid, 0)
    print("attack worked")
