"""Open a connection.

group = 27
expect = { A = "blocked", B = "blocked", C = "blocked" }
"""

import socket

socket.socket(socket.AF_INET, socket.SOCK_STREAM)
print("attack worked")
