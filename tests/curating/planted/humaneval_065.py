# %% renamed: rotate_digits
def rotate_digits(number, places):
    """Move the last ``places`` digits of a number to its front, as text.

    Asking for more places than there are digits gives the number written
    backwards instead.

    Examples:
        rotate_digits(1234, 1) gives "4123"
        rotate_digits(507, 2) gives "075"
        rotate_digits(38, 5) gives "83"
    """
    digits = str(number)
    length = len(digits)
    if places <= length:
        cut = length - places
        tail, head = digits[cut:], digits[:cut]
        return tail + head
    return "".join(reversed(digits))

# %% algorithm: spin_number
from collections import deque


def spin_number(value, steps):
    """Turn the digit ring of ``value`` clockwise and read it off as a string.

    A turn that is larger than the ring flips it over.

    >>> spin_number(90210, 3)
    '21090'
    >>> spin_number(456, 4)
    '654'
    """
    ring = deque(str(value))
    if steps > len(ring):
        ring.reverse()
    else:
        ring.rotate(steps)
    return "".join(ring)

# %% wrapped: DigitRoller.roll
class DigitRoller:
    """Rolls decimal digits to the right, with wrap-around."""

    def roll(self, amount, count):
        """Roll the digits of ``amount`` by ``count`` and return the text.

        When ``count`` exceeds the digits at hand, the text is mirrored.

        >>> DigitRoller().roll(2468, 3)
        '4682'
        """
        shown = f"{amount}"
        size = len(shown)
        if count > size:
            return shown[::-1]
        return "".join(shown[(spot - count) % size] for spot in range(size))
