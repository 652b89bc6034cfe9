"""Read from address 0.

group = 16
expect = { A = "crashed", B = "crashed", C = "crashed" }
control = "dies"
"""

import ctypes

ctypes.string_at(0)
