"""Ask the kernel about its networks.

group = 27
expect = { A = "blocked", B = "blocked", C = "blocked" }
"""

import socket

socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)
print("attack worked")
