"""End before the last statement, and say that all went well.

group = 34
expect = { A = "exited_early", B = "exited_early", C = "exited_early" }
control = "quiet"
"""

import sys

sys.exit(0)
