"""Offer a service.

group = 27
expect = { A = "blocked", B = "blocked", C = "blocked" }
"""

import socket

socket.create_server(("127.0.0.1", 0))
print("attack worked")
