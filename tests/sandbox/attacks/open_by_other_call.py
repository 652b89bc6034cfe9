"""Read the accounts by a newer call, past filters that know the older.

group = 21
expect = { A = "ok", B = "ok", C = "ok" }
"""

import ctypes

libc = ctypes.CDLL(None, use_errno=True)

how = (ctypes.c_uint64 * 3)()
if libc.syscall(ctypes.c_long(437), -100, b"/etc/passwd", how, ctypes.c_size_t(24)) >= 0:
    print("attack worked")
