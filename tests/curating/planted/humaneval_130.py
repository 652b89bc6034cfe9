# %% renamed: zigzag_numbers
def zigzag_numbers(last):
    """Produce the terms numbered 0 to `last` of a sequence that goes up and down.

    It opens with 1 and 3. From there on a term with an even number k is one more
    than half of k; a term with an odd number is the total of its two predecessors
    and its successor.

    zigzag_numbers(1) -> [1, 3]
    zigzag_numbers(5) -> [1, 3, 2.0, 8.0, 3.0, 15.0]
    """
    terms = [1, 3]
    k = 2
    while k <= last:
        if k % 2:
            successor = 1 + (k + 1) / 2
            terms.append(terms[-1] + terms[-2] + successor)
        else:
            terms.append(1 + k / 2)
        k += 1
    return terms[: last + 1]

# %% algorithm: tribonacci_variant
def tribonacci_variant(upto: int) -> list:
    """Evaluate a Tribonacci-like series in closed form, for the indices 0..upto.

    At even indices the value is half the index plus one. Solving the recurrence
    for an odd index j gives a square less one: ((j + 3) / 2) ** 2 - 1.

    >>> tribonacci_variant(2)
    [1, 3, 2]
    >>> tribonacci_variant(10)[-3:]
    [5, 35, 6]
    """

    def term(j):
        if j % 2 == 0:
            return j // 2 + 1
        half = (j + 3) // 2
        return half * half - 1

    return [term(j) for j in range(upto + 1)]

# %% wrapped: HalfStepSeries.prefix
class HalfStepSeries:
    """A series in which every odd term depends on the three terms around it."""

    def __init__(self):
        self._known = {0: 1, 1: 3}

    def term(self, index):
        """Compute one term and remember it."""
        if index not in self._known:
            if index % 2 == 0:
                self._known[index] = 1 + index // 2
            else:
                neighbours = (index - 2, index - 1, index + 1)
                self._known[index] = sum(map(self.term, neighbours))
        return self._known[index]

    def prefix(self, highest):
        """Return all terms from number 0 to number `highest` as a list.

        >>> HalfStepSeries().prefix(4)
        [1, 3, 2, 8, 3]
        """
        return [self.term(index) for index in range(highest + 1)]
