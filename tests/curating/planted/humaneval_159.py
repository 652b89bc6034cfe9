# %% renamed: lunch_balance
def lunch_balance(before, hunger, supply):
    """A rabbit has had `before` carrots today and would like `hunger` more of them,
    but the larder holds only `supply`.

    Give back a two-element list: first how many carrots the rabbit has had in the
    end, then how many are still in the larder. A larder that is too small gets
    emptied.

    lunch_balance(3, 2, 6) -> [5, 4]
    lunch_balance(0, 9, 4) -> [4, 0]
    """
    if hunger > supply:
        bites = supply
    else:
        bites = hunger
    after = before + bites
    leftover = supply - bites
    return [after, leftover]

# %% algorithm: munch
def munch(eaten: int, appetite: int, stock: int) -> list:
    """Work out the state of affairs after a meal.

    What is left over is the surplus of the stock over the appetite, if any; carrots
    do not get lost, so the rest of them has been eaten.

    >>> munch(10, 3, 3)
    [13, 0]
    >>> munch(6, 1, 8)
    [7, 7]
    """
    surplus = max(stock - appetite, 0)
    return [eaten + stock - surplus, surplus]

# %% wrapped: serve_carrots
def serve_carrots(consumed, desired, available, portion=1):
    """Hand out carrots one portion after the other until the guest is full or the
    basket is empty.

    Args:
        consumed: carrots the guest ate earlier.
        desired: carrots the guest still asks for.
        available: carrots in the basket.
        portion: carrots handed out at a time.

    Returns:
        A list of the guest's new total and the content of the basket.

    >>> serve_carrots(7, 3, 20)
    [10, 17]
    >>> serve_carrots(7, 30, 20)
    [27, 0]
    """
    while desired > 0 and available > 0:
        handed = min(portion, desired, available)
        consumed += handed
        desired -= handed
        available -= handed
    return [consumed, available]
