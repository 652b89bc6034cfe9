"""Send to a service's address through one of a pair of sockets.

group = 28
expect = { A = "raised", B = "raised", C = "raised" }
"""

import socket

socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
print("attack worked")
