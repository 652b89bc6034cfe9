# %% renamed: kth_indivisible_in_sequence
def kth_indivisible_in_sequence(k: int) -> int:
    """Walk along 1, 1, 2, 3, 5, 8, ... and stop at the k-th prime met on the way.

    Counting is from one.

    >>> [kth_indivisible_in_sequence(k) for k in (3, 5, 6)]
    [5, 89, 233]
    """

    def has_divisor(number):
        divisor = 2
        while divisor * divisor <= number:
            if number % divisor == 0:
                return True
            divisor += 1
        return False

    seen = 0
    previous, current = 1, 1
    while seen < k:
        previous, current = current, previous + current
        if not has_divisor(current):
            seen += 1
    return current

# %% algorithm: golden_prime
from itertools import islice


def _fibonacci_from_two():
    a, b = 1, 2
    while True:
        yield b
        a, b = b, a + b


def _probably_prime(m):
    """Miller-Rabin; with these bases exact for everything below 3.3 * 10**24."""
    bases = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41)
    if m < 2:
        return False
    for p in bases:
        if m % p == 0:
            return m == p
    odd, twos = m - 1, 0
    while odd % 2 == 0:
        odd //= 2
        twos += 1
    for base in bases:
        x = pow(base, odd, m)
        if x in (1, m - 1):
            continue
        for _ in range(twos - 1):
            x = x * x % m
            if x == m - 1:
                break
        else:
            return False
    return True


def golden_prime(rank):
    """Which prime comes at place `rank` when all Fibonacci primes are lined up?

    >>> golden_prime(4)
    13
    >>> golden_prime(11)
    2971215073
    """
    primes = filter(_probably_prime, _fibonacci_from_two())
    return next(islice(primes, rank - 1, None))

# %% wrapped: FibonacciPrimes.at
import math


class FibonacciPrimes:
    """The primes among the Fibonacci numbers, found on demand and remembered."""

    def __init__(self):
        self._known = []
        self._pair = (1, 1)

    def at(self, place: int) -> int:
        """Give the Fibonacci prime at the 1-based `place`.

        >>> FibonacciPrimes().at(2)
        3
        >>> FibonacciPrimes().at(7)
        1597
        """
        while len(self._known) < place:
            self._advance()
        return self._known[place - 1]

    def _advance(self):
        low, high = self._pair
        self._pair = (high, low + high)
        newest = self._pair[1]
        if all(newest % factor for factor in range(2, math.isqrt(newest) + 1)):
            self._known.append(newest)
