"""Print a lot at once.

group = 30
expect = { A = "output_limit", B = "output_limit", C = "output_limit" }
"""

print("x" * 5_000_000)
print("attack worked")
