# %% renamed: purely_odd
def purely_odd(numbers):
    """Select the numbers written with odd digits only, smallest first.

    A single 0, 2, 4, 6 or 8 anywhere in a number rules it out.

    >>> purely_odd([97, 5, 61, 13])
    [5, 13, 97]
    >>> purely_odd([20, 408])
    []
    """
    chosen = []
    for number in numbers:
        acceptable = True
        for digit in str(number):
            if int(digit) % 2 == 0:
                acceptable = False
                break
        if acceptable:
            chosen.append(number)
    chosen.sort()
    return chosen

# %% algorithm: without_even_digits
from bisect import insort


def without_even_digits(positives: list) -> list:
    """Collect, in ascending order, all members none of whose digits is divisible
    by two.

    The digits are peeled off by repeated division by ten, and each accepted member
    is put at once into its place.

    without_even_digits([777, 3, 52, 11, 3]) -> [3, 3, 11, 777]
    """

    def clean(number):
        while number:
            if not number & 1:
                return False
            number //= 10
        return True

    accepted = []
    for member in positives:
        if clean(member):
            insort(accepted, member)
    return accepted

# %% wrapped: filter_odd_written
def filter_odd_written(values, *, reverse=False, banned="02468"):
    """Sort those values whose decimal notation avoids certain digits.

    Args:
        values: positive integers.
        reverse: put the largest in front instead of the smallest.
        banned: the digits that must not be there; normally all even ones.

    >>> filter_odd_written([39, 40, 7, 171])
    [7, 39, 171]
    >>> filter_odd_written([39, 40, 7, 171], reverse=True)
    [171, 39, 7]
    """
    forbidden = frozenset(banned)
    return sorted(
        (value for value in values if forbidden.isdisjoint(str(value))),
        reverse=reverse,
    )
