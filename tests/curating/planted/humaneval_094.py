# %% renamed: digits_of_top_prime
def digits_of_top_prime(values):
    """Find the greatest prime among some integers and add its decimal digits.

    digits_of_top_prime([10, 23, 4, 19]) is 5, for the digits of 23.
    digits_of_top_prime([4, 6, 59, 60, 61, 62]) is 7, for the digits of 61.
    """

    def passes_trial_division(number):
        if number < 2:
            return False
        divisor = 2
        while divisor * divisor <= number:
            if number % divisor == 0:
                return False
            divisor += 1
        return True

    champion = 0
    for value in values:
        if value <= champion:
            continue
        if passes_trial_division(value):
            champion = value

    total = 0
    for digit in str(champion):
        total += int(digit)
    return total

# %% algorithm: cross_sum_of_highest_prime
from math import isqrt


def cross_sum_of_highest_prime(integers: list) -> int:
    """Look through the integers from the highest down, stop at the first prime and
    give its digit sum (0 when no prime turns up).

    >>> cross_sum_of_highest_prime([100, 89, 14, 83])
    17
    >>> cross_sum_of_highest_prime([2, 4, 8])
    2
    """

    def digit_sum(number):
        if number < 10:
            return number
        rest, last = divmod(number, 10)
        return last + digit_sum(rest)

    ordered = sorted(set(integers), reverse=True)
    primes = (
        number
        for number in ordered
        if number > 1 and all(number % d for d in range(2, isqrt(number) + 1))
    )
    return digit_sum(next(primes, 0))

# %% wrapped: PrimeScanner.checksum
class PrimeScanner:
    """Scans lists of integers for primes."""

    def __init__(self):
        self.found = None

    @staticmethod
    def _sieve(top):
        flags = bytearray([1]) * (top + 1)
        flags[:2] = b"\0\0"
        for base in range(2, int(top**0.5) + 1):
            if flags[base]:
                flags[base * base :: base] = bytes(len(flags[base * base :: base]))
        return flags

    def checksum(self, sequence):
        """Return the digit sum of the biggest prime contained in `sequence`.

        Example: in [12, 43, 8, 37, 49] the prime is 43 and the result 7. The prime
        is remembered as `found`.
        """
        flags = self._sieve(max([2, *sequence]))
        self.found = max(
            (item for item in sequence if item > 1 and flags[item]), default=0
        )
        return sum(map(int, str(self.found)))
