"""Fork once, leave, and let the child go on.

group = 2
expect = { A = "blocked", B = "blocked", C = "blocked" }
"""

import os
import time

if os.fork():
    os._exit(0)
time.sleep(0.3)
print("attack worked")
