# %% renamed: words_by_consonants order 1,0
def words_by_consonants(amount, sentence):
    """List the words of a sentence in which there are `amount` consonants, neither
    more nor fewer. They keep their order; an empty sentence has no words to list.

    words_by_consonants(2, "The cat sat here") -> ["The", "cat", "sat", "here"]
    words_by_consonants(5, "Strong tea")       -> ["Strong"]
    """
    matching = []
    for token in sentence.split():
        consonants = 0
        for letter in token.lower():
            if letter in "aeiou":
                continue
            consonants += 1
        if consonants == amount:
            matching.append(token)
    return matching

# %% algorithm: pick_words
import re


def pick_words(line: str, wanted: int) -> list:
    """Pick from `line` the words having precisely `wanted` letters besides vowels.

    One regular expression describes such a word: `wanted` times a consonant, with
    any number of vowels before, between and after.

    >>> pick_words("Green apples fall slowly", 3)
    ['Green', 'fall']
    >>> pick_words("", 1)
    []
    """
    shape = re.compile(rf"[aeiou]*(?:[^aeiou][aeiou]*){{{wanted}}}", re.IGNORECASE)
    return [word for word in line.split() if shape.fullmatch(word)]

# %% wrapped: consonant_filter order 1,0
def consonant_filter(quota, phrase, *, vowels="aeiou"):
    """Filter the words of a phrase by how many consonants they have.

    Args:
        quota: the exact number of consonants asked for.
        phrase: letters and blanks.
        vowels: the letters which do not count, in lower case.

    Returns:
        The words that meet the quota, from left to right.

    >>> consonant_filter(1, "I ate an egg")
    ['ate', 'an']
    """
    drop = str.maketrans("", "", vowels + vowels.upper())
    return [word for word in phrase.split() if len(word.translate(drop)) == quota]
