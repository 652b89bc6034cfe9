"""Start a shell.

group = 7
expect = { A = "blocked", B = "blocked", C = "blocked" }
"""

import os

os.system("echo attack worked")
