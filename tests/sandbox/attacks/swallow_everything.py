"""Loop, and catch whatever would end it.

group = 12
expect = { A = "cpu_timeout", B = "cpu_timeout", C = "cpu_timeout" }
control = "outlives"
"""

while True:
    try:
        while True:
            pass
    except BaseException:
        pass
