# %% renamed: odd_values_at_even_places
def odd_values_at_even_places(numbers):
    """Total up the odd numbers found at places 0, 2, 4, ... of a list.

    Examples
    odd_values_at_even_places([9, 1, 7]) ==> 16
    odd_values_at_even_places([6, 5, 11, 2]) ==> 11
    odd_values_at_even_places([8, 15]) ==> 0
    """
    total = 0
    for place in range(0, len(numbers), 2):
        number = numbers[place]
        if number % 2 == 0:
            continue
        total += number
    return total

# %% algorithm: sum_selected
from itertools import compress, cycle


def sum_selected(data):
    """Let every second entry through, starting with the first; add the odd ones.

    >>> sum_selected([1, 3, 5, 7, 10])
    6
    """
    through = compress(data, cycle((True, False)))
    return sum(filter(lambda entry: entry & 1, through))

# %% wrapped: add_odd_entries
def add_odd_entries(sequence, start=0, step=2):
    """Sum of whichever entries are odd among ``sequence[start::step]``.

    >>> add_odd_entries([21, 4, 5, 5])
    26
    >>> add_odd_entries([21, 4, 5, 5], start=1)
    5
    """
    return sum(entry * (entry % 2) for entry in sequence[start::step])
