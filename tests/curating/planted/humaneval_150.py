# %% renamed: choose_by_primality
def choose_by_primality(number, if_prime, otherwise):
    """Hand back ``if_prime`` when the number is prime, else ``otherwise``.

    Examples:
    choose_by_primality(11, 5, 6) == 5
    choose_by_primality(21, 5, 6) == 6
    """
    if number < 2:
        return otherwise
    divisor = 2
    while divisor < number:
        if number % divisor == 0:
            return otherwise
        divisor += 1
    return if_prime

# %% algorithm: prime_switch order 1,2,0
from math import isqrt


def prime_switch(yes, no, candidate):
    """Switch between two outcomes, depending on a primality test of ``candidate``.

    Twos and threes are dealt with at once; beyond them a divisor has to be one
    less or one more than a multiple of six.

    >>> prime_switch("prime", "composite", 97)
    'prime'
    >>> prime_switch("prime", "composite", 25)
    'composite'
    """
    if candidate in (2, 3):
        return yes
    if candidate < 2 or candidate % 2 == 0 or candidate % 3 == 0:
        return no
    for middle in range(6, isqrt(candidate) + 2, 6):
        if candidate % (middle - 1) == 0 or candidate % (middle + 1) == 0:
            return no
    return yes

# %% wrapped: PrimeGate.route
class PrimeGate:
    """Lets one of two values pass."""

    def __init__(self, lowest=2):
        self.lowest = lowest

    def route(self, key, first, second):
        """``first`` passes for a prime ``key``, ``second`` for any other.

        >>> PrimeGate().route(29, "a", "b")
        'a'
        >>> PrimeGate().route(57, "a", "b")
        'b'
        """
        divisors = (d for d in range(2, key) if key % d == 0)
        smallest = next(divisors, None)
        return first if key >= self.lowest and smallest is None else second
