"""Show a list nested without measure.

group = 16
expect = { A = ["raised", "crashed"], B = ["raised", "crashed"], C = ["raised", "crashed"] }
control = "fails"
"""

import sys

sys.setrecursionlimit(10**6)
nested = []
for _ in range(10**6):
    nested = [nested]
repr(nested)
