"""Lift the limit of processor time, then loop; refused where the limit is set already.

group = 12
expect = { A = ["cpu_timeout", "raised"], B = ["cpu_timeout", "raised"], C = ["cpu_timeout", "raised"] }
control = "outlives"
"""

import resource

resource.setrlimit(resource.RLIMIT_CPU, (8, 8))
while True:
    pass
