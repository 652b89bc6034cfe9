# %% renamed: checksum_or_none
import hashlib


def checksum_or_none(message):
    """Compute the MD5 checksum of a message, as 32 hexadecimal digits.

    There is no checksum for an empty message; the result is None then.

    >>> checksum_or_none("abc")
    '900150983cd24fb0d6963f7d28e17f72'
    """
    if not message:
        return None
    raw = message.encode("ascii")
    hasher = hashlib.md5()
    hasher.update(raw)
    return hasher.hexdigest()

# %% algorithm: md5_from_scratch
import math
import struct

_ROTATIONS = [7, 12, 17, 22] * 4 + [5, 9, 14, 20] * 4 + [4, 11, 16, 23] * 4
_ROTATIONS += [6, 10, 15, 21] * 4
_SINES = [int(abs(math.sin(i + 1)) * 2**32) for i in range(64)]
_MASK = 0xFFFFFFFF


def md5_from_scratch(content):
    """Carry out the MD5 algorithm (RFC 1321) by hand, without a hash library.

    Gives the lower-case hex form of the digest, or None if there is no content.
    For "a" that is 0cc175b9c0f1b6a831c399e269772661.
    """
    if content == "":
        return None

    data = content.encode()
    bit_length = 8 * len(data)
    data += b"\x80"
    data += bytes(-(len(data) + 8) % 64) + struct.pack("<Q", bit_length)

    state = [0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476]
    for begin in range(0, len(data), 64):
        block = struct.unpack("<16I", data[begin : begin + 64])
        a, b, c, d = state
        for i in range(64):
            if i < 16:
                mix, g = (b & c) | (~b & d), i
            elif i < 32:
                mix, g = (d & b) | (~d & c), (5 * i + 1) % 16
            elif i < 48:
                mix, g = b ^ c ^ d, (3 * i + 5) % 16
            else:
                mix, g = c ^ (b | (~d & _MASK)), (7 * i) % 16
            mix = (mix + a + _SINES[i] + block[g]) & _MASK
            turned = (mix << _ROTATIONS[i]) | (mix >> (32 - _ROTATIONS[i]))
            a, b, c, d = d, (b + turned) & _MASK, b, c
        state = [(old + new) & _MASK for old, new in zip(state, (a, b, c, d))]
    return struct.pack("<4I", *state).hex()

# %% wrapped: fingerprint
import hashlib


def fingerprint(payload, *, algorithm="md5", encoding="utf-8"):
    """Fingerprint some text.

    Args:
        payload: the text.
        algorithm: the name of a digest that hashlib knows.
        encoding: how the text is turned into bytes first.

    Returns:
        The digest in hexadecimal, or None for a text without characters.

    >>> fingerprint("abc")
    '900150983cd24fb0d6963f7d28e17f72'
    >>> fingerprint("") is None
    True
    """
    if len(payload) == 0:
        return None
    digest = hashlib.new(algorithm, payload.encode(encoding)).digest()
    return "".join(format(byte, "02x") for byte in digest)
