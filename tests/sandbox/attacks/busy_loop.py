"""Loop for ever.

group = 11
expect = { A = "cpu_timeout", B = "cpu_timeout", C = "cpu_timeout" }
control = "outlives"
"""

while True:
    pass
