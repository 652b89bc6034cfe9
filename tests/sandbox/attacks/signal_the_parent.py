"""Reach the process that started this one.

group = 6
expect = { A = "blocked", B = "blocked", C = "blocked" }
"""

import os

os.kill(os.getppid(), 0)
print("attack worked")
