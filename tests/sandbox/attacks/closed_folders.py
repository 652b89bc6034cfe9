"""Leave folders that cannot be listed.

group = 24
expect = { A = "ok", B = "ok", C = "blocked" }
twice = true
replaced = { B = ["ordinary"] }
"""

import os

if os.path.isdir("closed"):
    print("attack worked")
else:
    os.mkdir("closed")
    open("closed/file", "w").close()
    os.mkdir("hidden", 0o300)
    open("hidden/file", "w").close()
