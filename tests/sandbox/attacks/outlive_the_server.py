"""Have no signal sent to oneself when the server ends; in A it is its namespace that ends then.

group = 4
expect = { A = "ok", B = "ok", C = "ok" }
open_in = ["A"]
"""

import ctypes

libc = ctypes.CDLL(None, use_errno=True)
signal = ctypes.c_int(-1)
for wanted in (0, 17):
    libc.prctl(1, ctypes.c_ulong(wanted), 0, 0, 0)
    libc.prctl(2, ctypes.byref(signal), 0, 0, 0)
    if signal.value == wanted:
        print("attack worked")
        break
