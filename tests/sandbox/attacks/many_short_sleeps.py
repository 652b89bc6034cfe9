"""Take for ever in small steps.

group = 14
expect = { A = "wall_timeout", B = "wall_timeout", C = "wall_timeout" }
control = "outlives"
"""

import time

while True:
    time.sleep(0.01)
