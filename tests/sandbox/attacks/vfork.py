"""Fork by an old name of the call.

group = 10
expect = { A = "ok", B = "ok", C = "ok" }
"""

import ctypes

libc = ctypes.CDLL(None, use_errno=True)
import os
import platform

number = 57 if platform.machine() == "x86_64" else None
pid = libc.syscall(ctypes.c_long(number)) if number else libc.fork()
if pid == 0:
    os._exit(0)
if pid > 0:
    os.waitpid(pid, 0)
    print("attack worked")
