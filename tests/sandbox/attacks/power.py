"""Compute a number that fills the memory.

group = 15
expect = { A = ["cpu_timeout", "memory"], B = ["cpu_timeout", "memory"], C = ["cpu_timeout", "memory"] }
control = "outlives"
"""

10 ** 10**9
