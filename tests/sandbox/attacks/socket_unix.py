"""Talk to the services of this machine.

group = 28
expect = { A = "blocked", B = "blocked", C = "blocked" }
"""

import socket

socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
print("attack worked")
