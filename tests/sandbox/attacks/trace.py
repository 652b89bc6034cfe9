"""Trace a process.

group = 9
expect = { A = "ok", B = "ok", C = "ok" }
"""

import ctypes

libc = ctypes.CDLL(None, use_errno=True)

if libc.ptrace(0, 0, 0, 0) == 0:
    print("attack worked")
