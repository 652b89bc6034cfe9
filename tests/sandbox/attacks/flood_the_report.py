"""Write to the report's channel without end.

group = 39
expect = { A = "cpu_timeout", B = "cpu_timeout", C = "cpu_timeout" }
control = "fails"
"""

import os

while True:
    os.write(3, b"[" * 65536)
