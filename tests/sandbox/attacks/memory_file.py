"""Take memory through a file without a name.

group = 18
expect = { A = "raised", B = "raised", C = "raised" }
"""

import os

fd = os.memfd_create("x")
os.ftruncate(fd, 700_000_000)
print("attack worked")
