# %% renamed: mangoes_left order 1,0
def mangoes_left(basket_size: int, label: str) -> int:
    """Work out how many mangoes a basket holds.

    The basket has only apples, oranges and mangoes in it. The label tells us the
    first two amounts in words such as "4 apples and 9 oranges"; `basket_size` is
    the count of all pieces of fruit together.

    >>> mangoes_left(20, "4 apples and 9 oranges")
    7
    """
    remaining = basket_size
    for piece in label.split():
        if not piece.isdigit():
            continue
        remaining -= int(piece)
    return remaining

# %% algorithm: third_kind_count
import re

_LABEL = re.compile(r"(\d+)\s+apples?\s+and\s+(\d+)\s+oranges?")


def third_kind_count(description, whole):
    """Subtract the apples and oranges named in `description` from `whole`.

    What is left over must be mangoes.

    >>> third_kind_count("7 apples and 8 oranges", 30)
    15
    >>> third_kind_count("1 apple and 1 orange", 2)
    0
    """
    match = _LABEL.fullmatch(description.strip())
    if match is None:
        raise ValueError(f"cannot read {description!r}")
    apples, oranges = map(int, match.groups())
    return whole - apples - oranges

# %% wrapped: FruitStall.mangoes order 1,0
class FruitStall:
    """Keeps the books of a stall that sells apples, oranges and mangoes."""

    def mangoes(self, pieces, note):
        """Tell the mangoes from the total of `pieces` and the seller's `note`.

        The note reads "<number> apples and <number> oranges".

        >>> FruitStall().mangoes(50, "12 apples and 13 oranges")
        25
        """
        return pieces - sum(self._amounts(note))

    @staticmethod
    def _amounts(note):
        apples, _, oranges = note.partition(" and ")
        for part in (apples, oranges):
            amount, _kind = part.split(maxsplit=1)
            yield int(amount)
