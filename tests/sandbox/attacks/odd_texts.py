"""Print and raise what is no text.

group = 26
expect = { A = "raised", B = "raised", C = "raised" }
control = "fails"
"""

import sys

sys.stdout.buffer.write(b"\xff\x00\xed\xa0\x80")
raise ValueError("\udc80\x00\U0010ffff")
