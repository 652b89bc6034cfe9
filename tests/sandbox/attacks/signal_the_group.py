"""Reach every process of the group that this one was born into.

group = 6
expect = { A = "blocked", B = "blocked", C = "blocked" }
"""

import os

os.killpg(os.getpgid(os.getppid() or 1), 0)
print("attack worked")
