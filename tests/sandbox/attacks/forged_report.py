"""Write a report of one's own, then leave.

group = 36
expect = { A = "crashed", B = "crashed", C = "crashed" }
control = "quiet"
"""

import os

try:
    os.write(3, b'{"status": "ok", "nonce": "00"}')
except OSError:
    pass
os._exit(0)
