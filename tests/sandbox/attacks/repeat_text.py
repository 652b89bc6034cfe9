"""Repeat a text beyond the memory.

group = 15
expect = { A = "memory", B = "memory", C = "memory" }
"""

text = "x" * 700_000_000
print("attack worked")
