"""Read the memory of a process by its number.

group = 9
expect = { A = "ok", B = "ok", C = "ok" }
"""

import ctypes

libc = ctypes.CDLL(None, use_errno=True)
import os

text = ctypes.create_string_buffer(b"secret")
copy = ctypes.create_string_buffer(8)


class Span(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


local, remote = Span(ctypes.addressof(copy), 6), Span(ctypes.addressof(text), 6)
libc.process_vm_readv(os.getpid(), ctypes.byref(local), 1, ctypes.byref(remote), 1, 0)
if copy.value == b"secret":
    print("attack worked")
