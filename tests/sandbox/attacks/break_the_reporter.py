"""Break what the report is made with.

group = 38
expect = { A = ["crashed", "exited_early", "raised"], B = ["crashed", "exited_early", "raised"], C = ["crashed", "exited_early", "raised"] }
control = "fails"
"""

import builtins
import os

builtins.isinstance = builtins.str = builtins.type = None
os.write = os._exit = None
raise KeyError("attack")
