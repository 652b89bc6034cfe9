"""Leave an attribute on the folder itself for the next snippet.

group = 23
expect = { A = ["raised", "ok"], B = ["raised", "blocked"], C = ["raised", "blocked"] }
twice = true
"""

import os

if "user.left" in os.listxattr("."):
    print("attack worked")
os.setxattr(".", "user.left", b"x")
