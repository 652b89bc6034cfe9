"""Lift the limit of processor time, then loop.

group = 12
expect = { A = "cpu_timeout", B = "cpu_timeout", C = "cpu_timeout" }
control = "outlives"
"""

import resource

resource.setrlimit(resource.RLIMIT_CPU, (8, 8))
while True:
    pass
