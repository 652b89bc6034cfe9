"""Fill the disk with several files.

group = 24
expect = { A = "raised", B = "output_limit", C = "blocked" }
"""

import time

for number in range(6):
    with open(f"big{number}", "wb") as file:
        for _ in range(20):
            file.write(bytes(10**6))
    time.sleep(0.1)
print("attack worked")
