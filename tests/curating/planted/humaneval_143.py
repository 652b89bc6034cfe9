# %% renamed: keep_prime_length
def keep_prime_length(text):
    """Leave only those words of a text that have a prime number of letters.

    What is left is joined by single blanks, in the sequence in which it came.

    >>> keep_prime_length("every good dog likes a bone")
    'every dog likes'
    >>> keep_prime_length("nine lives")
    'lives'
    """
    kept = []
    for token in text.split():
        size = len(token)
        if size < 2:
            continue
        divisor = 2
        while divisor < size and size % divisor != 0:
            divisor += 1
        if divisor == size:
            kept.append(token)
    return " ".join(kept)

# %% algorithm: select_by_sieve
def select_by_sieve(line):
    """Sieve the possible word lengths first, then pick words by look-up.

    >>> select_by_sieve("we counted seventeen red cars")
    'we counted red'
    """
    words = line.split()
    longest = max(map(len, words), default=0)
    prime = [False, False] + [True] * max(longest - 1, 0)
    for base in range(2, longest + 1):
        if prime[base]:
            for multiple in range(base * base, longest + 1, base):
                prime[multiple] = False
    return " ".join(filter(lambda word: prime[len(word)], words))

# %% wrapped: PrimeWords.extract
class PrimeWords:
    """Filters text by the lengths of its words."""

    def __init__(self, separator=" "):
        self.separator = separator

    @staticmethod
    def _is_prime(length):
        if length < 2:
            return False
        return all(length % d for d in range(2, int(length**0.5) + 1))

    def extract(self, phrase):
        """Return the words of ``phrase`` whose letter count has no proper divisor.

        >>> PrimeWords().extract("she walked home to eat lunch")
        'she to eat lunch'
        """
        chosen = [part for part in phrase.split() if self._is_prime(len(part))]
        return self.separator.join(chosen)
