"""Unpack a little into a lot.

group = 18
expect = { A = "memory", B = "memory", C = "memory" }
"""

import zlib

packer = zlib.compressobj(1)
packed = b"".join(packer.compress(bytes(10**7)) for _ in range(20)) + packer.flush()
zlib.decompress(packed)
print("attack worked")
