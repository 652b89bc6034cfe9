"""Start thousands of threads with the smallest stacks.

group = 8
expect = { A = "raised", B = ["raised", "memory", "wall_timeout"], C = ["raised", "memory", "wall_timeout"] }
"""

import threading
import time

threading.stack_size(32768)
for _ in range(2500):
    threading.Thread(target=time.sleep, args=(2,), daemon=True).start()
print("attack worked")
