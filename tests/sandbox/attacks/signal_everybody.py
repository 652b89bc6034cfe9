"""Reach every process of this user at once.

group = 6
expect = { A = "blocked", B = "blocked", C = "blocked" }
"""

import os

os.kill(-1, 0)
print("attack worked")
