# %% renamed: four_steps_on
def four_steps_on(message):
    """Replace each small letter by the one four places later in the alphabet.

    After "z" the alphabet begins anew; any other character is copied.

    four_steps_on("cab") gives "gef"
    four_steps_on("xyz!") gives "bcd!"
    """
    alphabet = "abcdefghijklmnopqrstuvwxyz"
    shifted = []
    for letter in message:
        place = alphabet.find(letter)
        if place < 0:
            shifted.append(letter)
            continue
        shifted.append(alphabet[(place + 4) % len(alphabet)])
    return "".join(shifted)

# %% algorithm: caesar
from string import ascii_lowercase

_SHIFT = 2 * 2
_TABLE = str.maketrans(
    ascii_lowercase, ascii_lowercase[_SHIFT:] + ascii_lowercase[:_SHIFT]
)


def caesar(plaintext: str) -> str:
    """Encode a lower-case text with a fixed Caesar cipher of twice two positions.

    >>> caesar("tiger")
    'xmkiv'
    >>> caesar("wolf")
    'aspj'
    """
    return plaintext.translate(_TABLE)

# %% wrapped: RotationCipher.lock
class RotationCipher:
    """A letter substitution that turns the alphabet like a wheel."""

    def __init__(self, offset=4):
        self.offset = offset

    def _turn(self, symbol):
        if not "a" <= symbol <= "z":
            return symbol
        code = ord(symbol) - ord("a")
        return chr((code + self.offset) % 26 + ord("a"))

    def lock(self, words):
        """Return `words` with all small letters moved along by the offset.

        With the usual offset of four, "pizza" reads "tmdde".
        """
        return "".join(self._turn(symbol) for symbol in words)
