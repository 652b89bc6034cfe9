"""Close every descriptor, then end.

group = 31
expect = { A = ["exited_early", "crashed"], B = ["exited_early", "crashed"], C = ["exited_early", "crashed"] }
control = "quiet"
"""

import os

os.closerange(0, 300)
