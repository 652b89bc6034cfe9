"""Leave a thread that never ends.

group = 8
expect = { A = "wall_timeout", B = "wall_timeout", C = "wall_timeout" }
control = "outlives"
"""

import threading
import time

threading.Thread(target=time.sleep, args=(60,)).start()
