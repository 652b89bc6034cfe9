"""Mount a file system.

group = 10
expect = { A = "ok", B = "ok", C = "ok" }
needs_root = true
"""

import ctypes

libc = ctypes.CDLL(None, use_errno=True)

if libc.mount(b"none", b".", b"tmpfs", 0, None) == 0:
    libc.umount2(b".", 2)
    print("attack worked")
