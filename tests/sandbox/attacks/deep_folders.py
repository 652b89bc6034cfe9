"""Nest folders deeper than any path can be long.

group = 24
expect = { A = "raised", B = "output_limit", C = "blocked" }
late_in = ["B"]
"""

import os
import time

for _ in range(2100):
    os.mkdir("d")
    os.chdir("d")
time.sleep(0.3)
print("attack worked")
