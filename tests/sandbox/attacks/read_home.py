"""List the home folders.

group = 19
expect = { A = "raised", B = "raised", C = "ok" }
open_in = ["C"]
"""

import os

os.listdir("/home")
print("attack worked")
