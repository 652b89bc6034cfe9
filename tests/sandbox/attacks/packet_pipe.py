"""Make packets of the outputs, so that one read gives the next snippet's reader one piece alone.

group = 39
expect = { A = "raised", B = "raised", C = "raised" }
"""

import fcntl
import os
import stat

reader, writer = os.pipe()
fcntl.fcntl(writer, fcntl.F_SETFL, os.O_DIRECT)
print("attack worked")
for fd in (1, 3):
    if not stat.S_ISFIFO(os.fstat(fd).st_mode):
        break
    fcntl.fcntl(fd, fcntl.F_SETFL, os.O_DIRECT)
    for number in range(5):
        os.write(fd, b"left %d\n" % number)
