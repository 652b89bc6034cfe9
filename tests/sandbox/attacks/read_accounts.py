"""Read the accounts of the machine.

group = 19
expect = { A = "raised", B = "raised", C = "ok" }
open_in = ["C"]
"""

if "root" in open("/etc/passwd").read():
    print("attack worked")
