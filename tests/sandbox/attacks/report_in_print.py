"""Print what a report looks like, then fail.

group = 36
expect = { A = "raised", B = "raised", C = "raised" }
control = "fails"
"""

print('{"status": "ok"}')
raise AssertionError
