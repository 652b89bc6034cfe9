"""Have the kernel signal the parent whenever a pipe is written to.

group = 6
expect = { A = "raised", B = "raised", C = "raised" }
"""

import fcntl
import os

reader, _ = os.pipe()
fcntl.fcntl(reader, fcntl.F_SETOWN, os.getppid())
fcntl.fcntl(reader, 10, 1)
print("attack worked")
