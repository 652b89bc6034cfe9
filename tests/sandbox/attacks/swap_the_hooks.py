"""Replace what prints, reports and counts.

group = 38
expect = { A = "raised", B = "raised", C = "raised" }
control = "fails"
"""

import _json
import _thread
import sys

sys.stdout = sys.stderr = None
sys.excepthook = sys.__excepthook__ = lambda *_: None
_json.encode_basestring_ascii = lambda _: '"ok"'
_thread._count = lambda: 10**9
raise KeyError("attack")
