# %% renamed: compute_chain order 1,0
def compute_chain(terms: list[int], symbols: list[str]) -> int:
    """Work out a calculation given as its numbers and the signs between them.

    The signs may be +, -, *, // and **, and the usual precedence holds. There is
    always one number more than there are signs.

    >>> compute_chain([10, 2, 3], ["-", "*"])
    4
    >>> compute_chain([2, 3, 1], ["**", "+"])
    9
    """
    pieces = [str(terms[0])]
    for position, symbol in enumerate(symbols, start=1):
        pieces.append(symbol)
        pieces.append(str(terms[position]))
    return eval(" ".join(pieces))

# %% algorithm: reduce_by_precedence
import operator as op

TIERS = [
    ({"**": op.pow}, True),
    ({"*": op.mul, "//": op.floordiv}, False),
    ({"+": op.add, "-": op.sub}, False),
]


def reduce_by_precedence(signs, numbers):
    """Evaluate numbers[0] signs[0] numbers[1] signs[1] ... without building text.

    One pass per tier of precedence: powers (from the right), then products and
    floor quotients, then sums and differences (both from the left).

    >>> reduce_by_precedence(["+", "//"], [5, 9, 2])
    9
    >>> reduce_by_precedence(["**", "**"], [2, 3, 2])
    512
    """
    signs, numbers = list(signs), list(numbers)
    for functions, from_right in TIERS:
        at = len(signs) - 1 if from_right else 0
        while 0 <= at < len(signs):
            if signs[at] in functions:
                apply = functions[signs.pop(at)]
                numbers[at : at + 2] = [apply(numbers[at], numbers[at + 1])]
                at -= 1 if from_right else 0
            else:
                at += -1 if from_right else 1
    return numbers[0]

# %% wrapped: solve_expression order 1,0
from itertools import chain, zip_longest


def solve_expression(values, actions, *, names=None, show=False):
    """Interleave `values` with arithmetic `actions` and return what comes out.

    Args:
        values: Non-negative integers, two or more.
        actions: Signs to go between neighbouring values.
        names: Optional other spellings of the signs, such as {"^": "**"}.
        show: Also return the expression that was evaluated.

    >>> solve_expression([8, 3, 2], ["//", "+"])
    4
    >>> solve_expression([2, 5], ["^"], names={"^": "**"})
    32
    >>> solve_expression([1, 1], ["+"], show=True)
    ('1+1', 2)
    """
    spelled = [(names or {}).get(action, action) for action in actions]
    alternating = chain.from_iterable(zip_longest(values, spelled, fillvalue=""))
    expression = "".join(map(str, alternating))
    outcome = eval(expression, {"__builtins__": {}})
    return (expression, outcome) if show else outcome
