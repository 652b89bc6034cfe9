"""Sleep for ever.

group = 11
expect = { A = "wall_timeout", B = "wall_timeout", C = "wall_timeout" }
control = "outlives"
"""

import time

time.sleep(600)
