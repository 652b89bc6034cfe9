"""Start a program by posix_spawn.

group = 7
expect = { A = "blocked", B = "blocked", C = "blocked" }
"""

import os

os.waitpid(os.posix_spawn("/bin/echo", ["echo", "attack worked"], {}), 0)
