"""Print without end and without a line break.

group = 30
expect = { A = "output_limit", B = "output_limit", C = "output_limit" }
control = "outlives"
"""

import os

while True:
    os.write(1, b"x" * 65536)
