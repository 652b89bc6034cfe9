# %% renamed: superfactorial
def superfactorial(order: int) -> int:
    """Multiply all the factorials from 1! up to order! with each other.

    >>> superfactorial(3)
    12
    >>> superfactorial(6)
    24883200
    """
    result = 1
    current = 1
    step = 2
    while step <= order:
        current = current * step
        result = result * current
        step += 1
    return result

# %% algorithm: product_of_powers
from math import prod


def product_of_powers(top):
    """Calculate 1! * 2! * ... * top! without any factorial.

    The factor k turns up in each of k!, (k+1)!, ..., top!, that is top - k + 1
    times.

    >>> product_of_powers(2)
    2
    >>> product_of_powers(6)
    24883200
    """
    return prod(k ** (top - k + 1) for k in range(1, top + 1))

# %% wrapped: FactorialTower.value
from functools import lru_cache
from math import factorial


class FactorialTower:
    """Stacks factorials on top of each other by multiplication."""

    def __init__(self):
        self.value = lru_cache(maxsize=None)(self.value)

    def value(self, storeys):
        """Return storeys! times the value of the tower that is one storey lower.

        A tower of one storey has the value 1.

        >>> FactorialTower().value(3)
        12
        """
        if storeys <= 1:
            return 1
        return factorial(storeys) * self.value(storeys - 1)
