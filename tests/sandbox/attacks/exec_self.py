"""Become another interpreter, without this one's limits.

group = 7
expect = { A = "blocked", B = "blocked", C = "blocked" }
"""

import os

os.execv("/proc/self/exe", ["python", "-c", "print('attack worked')"])
