"""See who else is there.

group = 21
expect = { A = "raised", B = "raised", C = "ok" }
open_in = ["C"]
"""

import os

if sum(name.isdigit() for name in os.listdir("/proc")) > 1:
    print("attack worked")
