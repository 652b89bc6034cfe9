"""Take memory in big pieces.

group = 15
expect = { A = "memory", B = "memory", C = "memory" }
"""

held = []
for _ in range(70):
    held.append(bytearray(10**7))
print("attack worked")
