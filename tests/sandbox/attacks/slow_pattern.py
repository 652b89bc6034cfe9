"""Match a pattern that takes ages.

group = 12
expect = { A = "cpu_timeout", B = "cpu_timeout", C = "cpu_timeout" }
control = "outlives"
"""

import re

re.match(r"(a+)+$", "a" * 64 + "b")
