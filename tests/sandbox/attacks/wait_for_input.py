"""Wait for somebody to type.

group = 32
expect = { A = "raised", B = "raised", C = "raised" }
control = "fails"
"""

input()
