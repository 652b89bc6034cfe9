"""Run code that no compiler wrote.

group = 16
expect = { A = ["crashed", "raised", "cpu_timeout"], B = ["crashed", "raised", "cpu_timeout"], C = ["crashed", "raised", "cpu_timeout"] }
control = "dies"
"""

def f():
    return 1


f.__code__ = f.__code__.replace(co_code=b"d\xff" * 8, co_stacksize=0)
f()
