"""Make a user namespace, and so become root in it.

group = 10
expect = { A = "ok", B = "ok", C = "ok" }
"""

import ctypes

libc = ctypes.CDLL(None, use_errno=True)

if libc.unshare(0x10000000) == 0:
    print("attack worked")
