"""Fill the disk with one file.

group = 24
expect = { A = "raised", B = "raised", C = "blocked" }
"""

import signal

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
with open("big", "wb") as file:
    for _ in range(80):
        file.write(bytes(10**6))
print("attack worked")
