"""Signal the parent through a descriptor that stands for it.

group = 6
expect = { A = "raised", B = "raised", C = "raised" }
"""

import os
import signal

signal.pidfd_send_signal(os.pidfd_open(os.getppid()), 0)
print("attack worked")
