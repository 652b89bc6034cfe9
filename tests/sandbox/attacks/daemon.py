"""Fork twice with a session of its own, all channels closed.

group = 5
expect = { A = "blocked", B = "blocked", C = "blocked" }
"""

import os
import time

if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.closerange(0, 20)
        time.sleep(0.3)
        open("worked", "w").close()
    os._exit(0)
