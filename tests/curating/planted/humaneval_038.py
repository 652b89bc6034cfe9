# %% renamed: restore_triplets
def rotate_triplets(plain: str) -> str:
    """Scramble a text: in every full block of three letters the first letter
    moves to the end of its block. An incomplete last block stays as it is.

    >>> rotate_triplets("kitten")
    'itkent'
    """
    pieces = []
    for begin in range(0, len(plain), 3):
        block = plain[begin : begin + 3]
        if len(block) == 3:
            block = block[1:] + block[0]
        pieces.append(block)
    return "".join(pieces)


def restore_triplets(scrambled: str) -> str:
    """Undo `rotate_triplets`. Three rotations of a block are no rotation, so two
    more of them bring the plain text back.

    >>> restore_triplets("itkent")
    'kitten'
    """
    once_more = rotate_triplets(scrambled)
    return rotate_triplets(once_more)

# %% algorithm: unroll
import re


def roll(message):
    """Rotate each run of three characters by one place to the left."""
    return re.sub(r"(.)(..)", r"\2\1", message, flags=re.DOTALL)


def unroll(secret):
    """Recover a message from what `roll` made of it.

    Here the third character of each complete triple goes to its front; one or two
    left-over characters at the end were never touched.

    As roll("guno") is "ungo", unroll("ungo") is "guno".
    """
    return re.sub(r"(..)(.)", r"\2\1", secret, flags=re.DOTALL)

# %% wrapped: unshuffle_blocks
def unshuffle_blocks(cipher, size=3):
    """Decipher a string whose blocks have been turned by one position.

    The sender cut the text into blocks of `size` characters and carried the head of
    each block to its tail; a short block at the very end was sent unchanged.

    Args:
        cipher: the received string.
        size: the length of a block.

    Returns:
        The string as it was before the blocks were turned.

    >>> unshuffle_blocks("unsaydty")
    'sundayty'
    """
    whole = len(cipher) - len(cipher) % size
    result = list(cipher)
    for index in range(whole):
        offset = index % size
        source = index - 1 if offset else index + size - 1
        result[index] = cipher[source]
    return "".join(result)
