"""Look for secrets in the environment.

group = 20
expect = { A = "ok", B = "ok", C = "ok" }
"""

import os

if os.environ.get("SECRET"):
    print("attack worked")
