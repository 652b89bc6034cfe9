"""Open a connection by the newer protocol.

group = 27
expect = { A = "blocked", B = "blocked", C = "blocked" }
"""

import socket

socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
print("attack worked")
