"""Block every signal, then loop.

group = 12
expect = { A = "cpu_timeout", B = "cpu_timeout", C = "cpu_timeout" }
control = "outlives"
"""

import signal

signal.pthread_sigmask(signal.SIG_BLOCK, set(signal.Signals))
while True:
    pass
