# %% renamed: scramble_text
def scramble_text(plain):
    """Disguise a text made of letters.

    Capital letters become small ones and the other way round; on top of that an
    a, e, i, o or u is moved two letters on (a turns into c, e into g, ...).

    >>> scramble_text('apple')
    'CPPLG'
    >>> scramble_text('Under Oak')
    'wNDGR qCK'
    """
    disguised = ""
    for letter in plain:
        flipped = letter.lower() if letter.isupper() else letter.upper()
        if flipped.lower() in "aeiou":
            flipped = chr(ord(flipped) + 2)
        disguised += flipped
    return disguised

# %% algorithm: vowel_cipher
from string import ascii_lowercase as small
from string import ascii_uppercase as capital

SHIFTED = small.translate(str.maketrans("aeiou", "cgkqw"))
TABLE = str.maketrans(small + capital, SHIFTED.upper() + SHIFTED)


def vowel_cipher(words):
    """Cipher with one translation table: case is inverted, vowels step forward by two.

    >>> vowel_cipher("Igloo")
    'kGLQQ'
    """
    return words.translate(TABLE)

# %% wrapped: obfuscate
def obfuscate(phrase, *, distance=2, vowels="aeiou"):
    """Invert the case of a phrase and push its vowels along the alphabet.

    >>> obfuscate("Kilo")
    'kKLQ'
    >>> obfuscate("Kilo", distance=1)
    'kJLP'
    """
    every_vowel = set(vowels.lower() + vowels.upper())

    def convert(char):
        offset = distance if char in every_vowel else 0
        return chr(ord(char.swapcase()) + offset)

    return "".join(map(convert, phrase))
