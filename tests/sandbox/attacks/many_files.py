"""Use up the disk's places for files.

group = 24
expect = { A = "raised", B = "output_limit", C = "blocked" }
"""

import time

for number in range(3000):
    open(f"f{number}", "w").close()
time.sleep(0.3)
print("attack worked")
