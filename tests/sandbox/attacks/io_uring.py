"""Ask for a ring, through which calls pass unseen by filters.

group = 10
expect = { A = "ok", B = "ok", C = "ok" }
"""

import ctypes

libc = ctypes.CDLL(None, use_errno=True)

parameters = ctypes.create_string_buffer(120)
if libc.syscall(ctypes.c_long(425), 4, parameters) > 0:
    print("attack worked")
