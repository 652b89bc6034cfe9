"""Fork in a loop.

group = 1
expect = { A = "blocked", B = "blocked", C = "blocked" }
"""

import os
import time

children = []
for _ in range(30):
    pid = os.fork()
    if pid == 0:
        time.sleep(0.2)
        os._exit(0)
    children.append(pid)
for pid in children:
    os.waitpid(pid, 0)
print("attack worked")
