"""Hang in an exit hook.

group = 12
expect = { A = "wall_timeout", B = "wall_timeout", C = "wall_timeout" }
control = "outlives"
"""

import atexit
import time

atexit.register(time.sleep, 600)
