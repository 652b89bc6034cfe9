# %% renamed: dominant_prime
def dominant_prime(value: int) -> int:
    """Which is the greatest prime that divides `value`?

    `value` is a composite number, so there is an answer of at most half of it.

    >>> dominant_prime(84)
    7
    >>> dominant_prime(1000)
    5
    """

    def has_no_divisor(candidate):
        trial = 2
        while trial * trial <= candidate:
            if candidate % trial == 0:
                return False
            trial += 1
        return True

    best = 1
    for candidate in range(2, value // 2 + 1):
        if value % candidate != 0:
            continue
        if has_no_divisor(candidate):
            best = candidate
    return best

# %% algorithm: strip_small_factors
def strip_small_factors(composite, divisor=2):
    """Divide away the small factors of a number until the top prime is left.

    Every division shrinks the number; once the square of the divisor exceeds what
    remains, the remainder has to be prime and is the result.

    strip_small_factors(91) is 13, strip_small_factors(4096) is 2.
    """
    while divisor * divisor <= composite:
        quotient, leftover = divmod(composite, divisor)
        if leftover == 0:
            composite = quotient
        else:
            divisor += 1
    return composite

# %% wrapped: FactorAnalyzer.peak
class FactorAnalyzer:
    """Answers questions about the prime divisors of integers."""

    def __init__(self):
        self._spf = [0, 1]

    def _extend(self, bound):
        """Fill the table of smallest prime factors up to `bound`."""
        table = list(range(bound + 1))
        for base in range(2, int(bound**0.5) + 1):
            if table[base] == base:
                for multiple in range(base * base, bound + 1, base):
                    if table[multiple] == multiple:
                        table[multiple] = base
        self._spf = table

    def peak(self, number):
        """Give the maximum of the primes in the factorization of `number`.

        The number is expected to be composite, e.g. 45 (result 5) or 34
        (result 17).
        """
        if number >= len(self._spf):
            self._extend(number)
        primes = set()
        while number > 1:
            primes.add(self._spf[number])
            number //= self._spf[number]
        return max(primes)
