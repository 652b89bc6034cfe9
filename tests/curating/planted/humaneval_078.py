# %% renamed: prime_nibbles
def prime_nibbles(digits: str) -> int:
    """Say how many characters of a base-16 numeral stand for a prime value.

    Only 2, 3, 5, 7, B (eleven) and D (thirteen) qualify. Letters come in capitals,
    and the empty numeral gives 0.

    >>> prime_nibbles("BADD")
    3
    >>> prime_nibbles("F00")
    0
    """
    qualifying = frozenset("2357BD")
    return len([digit for digit in digits if digit in qualifying])

# %% algorithm: count_by_bitmask
# Bit k is set when k is prime, for k below sixteen.
PRIME_BITS = sum(1 << k for k in (2, 3, 5, 7, 11, 13))


def count_by_bitmask(literal):
    """Take a hex literal apart four bits at a time and count the prime digits.

    >>> count_by_bitmask("D37")
    3
    >>> count_by_bitmask("C0FFEE")
    0
    >>> count_by_bitmask("")
    0
    """
    if not literal:
        return 0
    rest = int(literal, 16)
    hits = 0
    while rest:
        rest, low = divmod(rest, 16)
        hits += PRIME_BITS >> low & 1
    return hits

# %% wrapped: tally_prime_symbols
def tally_prime_symbols(numeral, base=16, *, distinct=False):
    """Count the symbols of a numeral whose value is a prime number.

    With `distinct=True`, each symbol counts once however often it is repeated.
    Another `base` (up to 36) may be given.

    tally_prime_symbols("2B5C") -> 3
    tally_prime_symbols("BBB") -> 3
    tally_prime_symbols("BBB", distinct=True) -> 1
    """

    def indivisible(value):
        return value > 1 and all(value % d for d in range(2, value))

    symbols = set(numeral) if distinct else numeral
    return sum(1 for symbol in symbols if indivisible(int(symbol, base)))
