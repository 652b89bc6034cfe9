# %% renamed: caesar_numeral
def caesar_numeral(value):
    """Spell a number between 1 and 1000 the way the Romans did, in small letters.

    >>> caesar_numeral(7)
    'vii'
    >>> caesar_numeral(249)
    'ccxlix'
    >>> caesar_numeral(888)
    'dccclxxxviii'
    """
    steps = [
        (1000, "m"),
        (900, "cm"),
        (500, "d"),
        (400, "cd"),
        (100, "c"),
        (90, "xc"),
        (50, "l"),
        (40, "xl"),
        (10, "x"),
        (9, "ix"),
        (5, "v"),
        (4, "iv"),
        (1, "i"),
    ]
    numeral = ""
    for worth, letters in steps:
        while value >= worth:
            numeral += letters
            value -= worth
    return numeral

# %% algorithm: roman_by_digits
def roman_by_digits(amount):
    """Look up the numeral of each decimal digit and put the pieces side by side.

    >>> roman_by_digits(64)
    'lxiv'
    >>> roman_by_digits(709)
    'dccix'
    """
    units = ["", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix"]
    tens = [piece.translate(str.maketrans("ivx", "xlc")) for piece in units]
    hundreds = [piece.translate(str.maketrans("xlc", "cdm")) for piece in tens]

    thousands, rest = divmod(amount, 1000)
    return (
        "m" * thousands
        + hundreds[rest // 100]
        + tens[rest // 10 % 10]
        + units[rest % 10]
    )

# %% wrapped: RomanWriter.write
class RomanWriter:
    """Writes Roman numerals, additive ones first, which are then shortened."""

    SHORTER = {
        "dcccc": "cm",
        "cccc": "cd",
        "lxxxx": "xc",
        "xxxx": "xl",
        "viiii": "ix",
        "iiii": "iv",
    }

    def __init__(self, upper=False):
        self.upper = upper

    def write(self, quantity):
        """Return the numeral for ``quantity``.

        >>> RomanWriter().write(36)
        'xxxvi'
        >>> RomanWriter(upper=True).write(444)
        'CDXLIV'
        """
        written = ""
        for letter, weight in zip("mdclxvi", (1000, 500, 100, 50, 10, 5, 1)):
            repeats, quantity = divmod(quantity, weight)
            written += letter * repeats
        for clumsy, elegant in self.SHORTER.items():
            written = written.replace(clumsy, elegant)
        return written.upper() if self.upper else written
