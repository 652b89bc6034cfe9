"""Recurse without a floor.

group = 16
expect = { A = ["crashed", "memory", "cpu_timeout"], B = ["crashed", "memory", "cpu_timeout"], C = ["crashed", "memory", "cpu_timeout"] }
control = "dies"
"""

import sys

sys.setrecursionlimit(10**9)


def fall():
    fall()


fall()
