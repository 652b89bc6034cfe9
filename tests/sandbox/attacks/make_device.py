"""Make a device that reads the memory of the machine.

group = 22
expect = { A = ["raised"], B = ["raised"], C = ["raised"] }
needs_root = true
"""

import os
import stat

os.mknod("memory", stat.S_IFCHR | 0o600, os.makedev(1, 3))
print("attack worked")
