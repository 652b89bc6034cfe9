# %% renamed: splits_into_three_primes
def splits_into_three_primes(value):
    """Decide whether a number (below one hundred) equals p * q * r for some primes
    p, q and r, which need not differ from each other.

    splits_into_three_primes(12)  ->  True, because of 2 * 2 * 3
    splits_into_three_primes(14)  ->  False
    splits_into_three_primes(70)  ->  True, because of 2 * 5 * 7
    """
    primes = []
    for number in range(2, 101):
        if all(number % smaller for smaller in primes):
            primes.append(number)

    for first in primes:
        for second in primes:
            pair = first * second
            for third in primes:
                if pair * third == value:
                    return True
    return False

# %% algorithm: is_three_almost_prime
def is_three_almost_prime(num: int) -> bool:
    """Count the prime factors of `num` with repetition; are there exactly three?

    >>> is_three_almost_prime(27)
    True
    >>> is_three_almost_prime(16)
    False
    >>> is_three_almost_prime(97)
    False
    """
    factors = 0
    divisor = 2
    while num > 1 and factors <= 3:
        if divisor * divisor > num:
            divisor = num
        if num % divisor == 0:
            num //= divisor
            factors += 1
        else:
            divisor += 1
    return factors == 3

# %% wrapped: PrimeTriples.has
from itertools import combinations_with_replacement
from math import isqrt, prod


class PrimeTriples:
    """The set of all products of three primes under a bound."""

    def __init__(self, bound=100):
        primes = [
            p
            for p in range(2, bound)
            if all(p % d != 0 for d in range(2, isqrt(p) + 1))
        ]
        triples = combinations_with_replacement(primes, 3)
        self._products = {prod(triple) for triple in triples}

    def has(self, integer):
        """True for an integer which is such a product, otherwise False.

        For example 20 (2, 2 and 5) and 99 (3, 3 and 11) are in the set, while 24
        and 35 are not.
        """
        return integer in self._products
