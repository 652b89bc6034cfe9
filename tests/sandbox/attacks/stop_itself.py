"""Stop, and wait for somebody to say go on.

group = 13
expect = { A = "ok", B = "wall_timeout", C = "wall_timeout" }
control = "outlives"
"""

import os
import signal

os.kill(os.getpid(), signal.SIGSTOP)
