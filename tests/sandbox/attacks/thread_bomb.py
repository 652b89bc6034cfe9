"""Start threads without end.

group = 8
expect = { A = "raised", B = "raised", C = "raised" }
"""

import threading
import time

for _ in range(150):
    threading.Thread(target=time.sleep, args=(0.5,), daemon=True).start()
print("attack worked")
