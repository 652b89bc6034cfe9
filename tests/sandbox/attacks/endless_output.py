"""Print without end.

group = 30
expect = { A = "output_limit", B = "output_limit", C = "output_limit" }
control = "outlives"
"""

while True:
    print("x" * 1000)
