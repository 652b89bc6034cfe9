"""Write beside the folder that is one's own.

group = 22
expect = { A = "raised", B = "raised", C = "blocked" }
"""

open("../outside", "w").write("x")
print("attack worked")
