# %% renamed: count_odd_edged
def count_odd_edged(candidates: list[int]) -> int:
    """Count the candidates above ten that both start and end with an odd digit.

    >>> count_odd_edged([11, 12, 305, 9, -35])
    2
    >>> count_odd_edged([10, 210])
    0
    """
    matching = 0
    for candidate in candidates:
        if candidate <= 10:
            continue
        written = str(candidate)
        edges = written[0] + written[-1]
        if all(edge in "13579" for edge in edges):
            matching += 1
    return matching

# %% algorithm: odd_ends_total
def odd_ends_total(integers):
    """How many integers exceed 10 and have odd outer digits?

    Pure arithmetic: the units digit shows in the number's own parity, the leading
    digit is what is left after dividing by ten often enough.

    >>> odd_ends_total([17, 71, 27, 9999])
    3
    """

    def leading(value):
        return value if value < 10 else leading(value // 10)

    return sum(
        1 for value in integers if value > 10 and value & 1 and leading(value) & 1
    )

# %% wrapped: tally_odd_bounded
import re


def tally_odd_bounded(sample, threshold=10, *, digits="13579"):
    """Count what lies above the threshold and is bounded by the given digits.

    A number is bounded by them if its first as well as its last digit is one of
    them; by default these are the odd digits.

    >>> tally_odd_bounded([13, 31, 14, 4, 5])
    2
    >>> tally_odd_bounded([13, 31], threshold=20)
    1
    """
    shape = re.compile(f"[{digits}](.*[{digits}])?")
    texts = [str(member) for member in sample if member > threshold]
    return len(list(filter(shape.fullmatch, texts)))
