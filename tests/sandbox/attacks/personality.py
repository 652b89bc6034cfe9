"""Switch off the randomness of addresses.

group = 10
expect = { A = "ok", B = "ok", C = "ok" }
"""

import ctypes

libc = ctypes.CDLL(None, use_errno=True)

if libc.personality(0x0040000) != -1:
    print("attack worked")
