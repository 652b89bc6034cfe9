# %% renamed: base_two_tagged
def base_two_tagged(number):
    """Write a non-negative integer in base two, between two "db" markers.

    Examples:
    base_two_tagged(6)    -> "db110db"
    base_two_tagged(21)   -> "db10101db"
    """
    marker = "db"
    bits = bin(number)
    bits = bits.replace("0b", "", 1)
    return marker + bits + marker

# %% algorithm: wrap_bits
def wrap_bits(value):
    """Repeatedly halve ``value``, gather the remainders, and enclose them in "db".

    >>> wrap_bits(9)
    'db1001db'
    >>> wrap_bits(1)
    'db1db'
    """
    remainders = []
    while True:
        value, bit = divmod(value, 2)
        remainders.append(str(bit))
        if value == 0:
            break
    remainders.reverse()
    return "".join(["db", *remainders, "db"])

# %% wrapped: to_marked_binary
def to_marked_binary(amount, *, tag="db", width=0):
    """Format an integer as binary text with a tag on either side.

    ``width`` pads the ones and zeros with further zeros on the left.

    >>> to_marked_binary(10)
    'db1010db'
    >>> to_marked_binary(3, tag="|", width=4)
    '|0011|'
    """
    return f"{tag}{amount:b}{tag}" if not width else f"{tag}{amount:0{width}b}{tag}"
