# %% renamed: total_even_on_odd_slots
def total_even_on_odd_slots(readings: list[int]) -> int:
    """Sum up the readings that are divisible by two and sit in slot 1, 3, 5, ...

    >>> total_even_on_odd_slots([10, 20, 30, 41, 50, 60])
    80
    >>> total_even_on_odd_slots([8])
    0
    """
    total = 0
    for slot, reading in enumerate(readings):
        if slot % 2 == 0 or reading % 2 != 0:
            continue
        total += reading
    return total

# %% algorithm: second_seat_evens
def second_seat_evens(row):
    """Go through `row` two seats at a time; add the second of each two if even.

    >>> second_seat_evens([1, 6, 1, 3, 1, -2])
    4
    """
    match row:
        case [_, seat, *others]:
            return (0 if seat & 1 else seat) + second_seat_evens(others)
        case _:
            return 0

# %% wrapped: alternate_sum
def alternate_sum(series, start=1, *, keep=lambda value: value % 2 == 0):
    """Add every other member of `series` from position `start`, if it is kept.

    By default that means even members at odd (zero-based) positions.

    Args:
        series: The whole numbers to add up.
        start: First position that is looked at.
        keep: Decides which members take part in the sum.

    >>> alternate_sum([3, 12, 5, 7, 9, 100])
    112
    >>> alternate_sum([4, 12, 6], start=0)
    10
    """
    return sum(filter(keep, series[start::2]))
