"""Raise an error whose text never ends.

group = 12
expect = { A = "cpu_timeout", B = "cpu_timeout", C = "cpu_timeout" }
control = "outlives"
"""

class Endless(Exception):
    def __str__(self):
        while True:
            pass


raise Endless
