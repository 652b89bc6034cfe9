"""Change the rights of a file of the standard library.

group = 22
expect = { A = ["raised", "blocked"], B = ["raised", "blocked"], C = ["raised", "blocked"] }
needs_root = true
"""

import os

os.chmod(os.__file__, os.stat(os.__file__).st_mode & 0o7777)
print("attack worked")
