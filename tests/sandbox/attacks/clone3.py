"""Fork by the call whose flags no filter can read.

group = 10
expect = { A = "ok", B = "ok", C = "ok" }
"""

import ctypes

libc = ctypes.CDLL(None, use_errno=True)
import os

arguments = (ctypes.c_uint64 * 11)()
arguments[4] = 17
pid = libc.syscall(ctypes.c_long(435), ctypes.byref(arguments), ctypes.c_size_t(88))
if pid == 0:
    os._exit(0)
if pid > 0:
    os.waitpid(pid, 0)
    print("attack worked")
