"""Nest deeper than the parser can.

group = 16
expect = { A = ["raised", "memory", "crashed"], B = ["raised", "memory", "crashed"], C = ["raised", "memory", "crashed"] }
control = "fails"
"""

compile("(" * 10**5 + ")" * 10**5, "deep", "eval")
