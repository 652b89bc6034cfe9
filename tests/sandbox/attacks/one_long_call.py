"""Stay in one call that never comes back to the interpreter.

group = 12
expect = { A = "cpu_timeout", B = "cpu_timeout", C = "cpu_timeout" }
control = "outlives"
"""

sum(range(10**12))
