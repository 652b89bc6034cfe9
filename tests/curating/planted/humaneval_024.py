# %% renamed: biggest_share
def biggest_share(value: int) -> int:
    """Size of the biggest equal shares into which ``value`` can be cut (two or more).

    >>> biggest_share(28)
    14
    >>> biggest_share(27)
    9
    >>> biggest_share(13)
    1
    """
    candidate = value - 1
    while candidate > 1:
        quotient, remainder = divmod(value, candidate)
        if remainder == 0:
            break
        candidate -= 1
    return candidate

# %% algorithm: top_factor_below
def top_factor_below(number: int) -> int:
    """Find the highest whole number under ``number`` that goes into it exactly.

    It is the cofactor of the least prime factor, so trial division up to the
    square root is enough. Primes only have 1 to offer.

    >>> top_factor_below(77)
    11
    >>> top_factor_below(64)
    32
    """
    trial = 2
    while trial * trial <= number:
        if number % trial == 0:
            return number // trial
        trial += 1
    return 1

# %% wrapped: FactorFinder.below
class FactorFinder:
    """Answers questions about the factors of a positive integer."""

    def _factors(self, amount):
        for step in range(1, amount // 2 + 1):
            if amount % step == 0:
                yield step

    def below(self, amount: int) -> int:
        """The last factor that comes before ``amount``; 18 has 9, 35 has 7."""
        return max(self._factors(amount))
