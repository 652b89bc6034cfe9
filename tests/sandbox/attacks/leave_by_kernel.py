"""End before the last statement, past every handler.

group = 34
expect = { A = "exited_early", B = "exited_early", C = "exited_early" }
control = "quiet"
"""

import os

os._exit(0)
