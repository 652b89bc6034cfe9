"""Map more memory than there may be.

group = 18
expect = { A = "raised", B = "raised", C = "raised" }
"""

import mmap

mmap.mmap(-1, 2**30)
print("attack worked")
