"""Close the outputs, then loop.

group = 31
expect = { A = "cpu_timeout", B = "cpu_timeout", C = "cpu_timeout" }
control = "outlives"
"""

import os

os.close(1)
os.close(2)
while True:
    pass
