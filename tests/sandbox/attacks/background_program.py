"""Start a program that outlives this one.

group = 3
expect = { A = "blocked", B = "blocked", C = "blocked" }
"""

import subprocess
import sys

subprocess.Popen([sys.executable, "-c", "import time; time.sleep(0.3); print('attack worked')"])
