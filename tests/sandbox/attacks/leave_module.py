"""Leave a module that the next snippet takes for the real one.

group = 37
expect = { A = "ok", B = "ok", C = ["ok"] }
twice = true
"""

import os
import sys

sys.path.insert(0, os.getcwd())
if os.path.exists("colorsys.py"):
    import colorsys
try:
    open("colorsys.py", "w").write("print('attack worked')")
except OSError:
    pass
