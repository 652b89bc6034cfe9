"""Read the accounts through a link.

group = 22
expect = { A = "raised", B = "raised", C = "blocked" }
"""

import os

if os.path.lexists("way"):
    os.remove("way")
os.symlink("/etc/passwd", "way")
if "root" in open("way").read():
    print("attack worked")
