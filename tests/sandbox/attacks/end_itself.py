"""End by a signal, at once: no timeout.

group = 13
expect = { A = "ok", B = "crashed", C = "crashed" }
control = "dies"
"""

import os
import signal

os.kill(os.getpid(), signal.SIGTERM)
