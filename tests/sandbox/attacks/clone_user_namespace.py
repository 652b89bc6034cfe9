"""Fork into a user namespace, where a new PID namespace is allowed.

group = 10
expect = { A = "ok", B = "ok", C = "ok" }
"""

import ctypes

libc = ctypes.CDLL(None, use_errno=True)
import os
import platform

number = 56 if platform.machine() == "x86_64" else 220
pid = libc.syscall(ctypes.c_long(number), ctypes.c_long(0x30000011), 0, 0, 0, 0)
if pid == 0:
    os._exit(0)
if pid > 0:
    os.waitpid(pid, 0)
    print("attack worked")
