"""Become a program that lies in memory alone.

group = 7
expect = { A = "raised", B = "raised", C = "raised" }
"""

import os

fd = os.memfd_create("program")
os.write(fd, open("/bin/echo", "rb").read())
os.execve(fd, ["echo", "attack worked"], {})
