"""Print a little, for ever.

group = 30
expect = { A = "wall_timeout", B = "wall_timeout", C = "wall_timeout" }
control = "outlives"
"""

import time

while True:
    print("x", flush=True)
    time.sleep(0.05)
