"""Take memory in small pieces.

group = 15
expect = { A = "memory", B = "memory", C = "memory" }
"""

held = []
for number in range(2_000_000):
    held.append([number])
print("attack worked")
