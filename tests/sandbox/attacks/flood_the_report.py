"""Write to the report's channel without end.

group = 39
expect = { A = ["cpu_timeout", "wall_timeout", "crashed", "output_limit"], B = ["cpu_timeout", "wall_timeout", "crashed", "output_limit"], C = ["cpu_timeout", "wall_timeout", "crashed", "output_limit"] }
control = "fails"
"""

import os

while True:
    os.write(3, b"[" * 65536)
