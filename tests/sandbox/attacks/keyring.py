"""Put a key where other processes find it.

group = 10
expect = { A = "ok", B = "ok", C = "ok" }
"""

import ctypes

libc = ctypes.CDLL(None, use_errno=True)
import platform

number = 248 if platform.machine() == "x86_64" else 217
if libc.syscall(ctypes.c_long(number), b"user", b"name", b"secret", ctypes.c_size_t(6), -2) > 0:
    print("attack worked")
