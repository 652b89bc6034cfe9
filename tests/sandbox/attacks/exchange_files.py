"""Exchange files and folders while somebody counts them.

group = 24
expect = { A = "cpu_timeout", B = "cpu_timeout", C = "blocked" }
control = "outlives"
"""

import ctypes
import os

libc = ctypes.CDLL(None)
for number in range(300):
    os.mkdir(f"d{number}")
    open(f"f{number}", "w").close()
while True:
    for number in range(300):
        libc.renameat2(-100, b"d%d" % number, -100, b"f%d" % number, 2)
