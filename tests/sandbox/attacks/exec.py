"""Become another program.

group = 7
expect = { A = "blocked", B = "blocked", C = "blocked" }
"""

import os

os.execv("/bin/echo", ["echo", "attack worked"])
