"""Change the standard library for whoever comes next.

group = 22
expect = { A = "raised", B = "raised", C = "blocked" }
needs_root = true
"""

import os

open(os.__file__, "a").close()
print("attack worked")
