"""Leave something for the next snippet, anywhere.

group = 23
expect = { A = "ok", B = "ok", C = "ok" }
twice = true
"""

import os

name = "left-by-" + os.getcwd().replace("/", "-")
places = [".", "/tmp", "/var/tmp", "/dev/shm", "/run/lock"]
if any(os.path.exists(f"{place}/{name}") for place in places):
    print("attack worked")
for place in places:
    try:
        open(f"{place}/{name}", "w").close()
    except OSError:
        pass
