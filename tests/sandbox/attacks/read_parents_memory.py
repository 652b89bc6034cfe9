"""Read the memory of the process that started this one.

group = 20
expect = { A = "raised", B = "raised", C = "raised" }
"""

import os

open(f"/proc/{os.getppid() or 1}/mem", "rb").close()
print("attack worked")
