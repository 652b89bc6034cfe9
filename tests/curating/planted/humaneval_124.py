# %% renamed: is_calendar_day
def is_calendar_day(stamp: str) -> bool:
    """Decide whether `stamp` names a possible day, written month-day-year.

    Month and day take two digits, the year four, with dashes in between. February
    may always have 29 days here; leap years are not looked into.

    >>> is_calendar_day("02-29-2023")
    True
    >>> is_calendar_day("09-31-1999")
    False
    >>> is_calendar_day("9-3-1999")
    False
    """
    pieces = stamp.strip().split("-")
    if [len(piece) for piece in pieces] != [2, 2, 4]:
        return False
    if not all(piece.isdigit() for piece in pieces):
        return False

    month, day = int(pieces[0]), int(pieces[1])
    if month == 2:
        longest = 29
    elif month in (4, 6, 9, 11):
        longest = 30
    elif 1 <= month <= 12:
        longest = 31
    else:
        return False
    return 1 <= day <= longest

# %% algorithm: looks_like_us_date
import re

_DAY_UP_TO_29 = r"(?:0[1-9]|[12]\d)"
_US_DATE = re.compile(
    rf"""
    (?: (?:0[1-9]|1[0-2]) - {_DAY_UP_TO_29}     # every month gets this far
      | (?:0[13-9]|1[0-2]) - 30                 # all but February
      | (?:0[13578]|1[02]) - 31                 # the long ones
    )
    -\d{{4}}
    """,
    re.VERBOSE,
)


def looks_like_us_date(raw):
    """Match `raw` against the shape and the ranges of an American-style date.

    >>> looks_like_us_date("12-31-1987")
    True
    >>> looks_like_us_date("02-30-1987")
    False
    >>> looks_like_us_date("12.31.1987")
    False
    """
    return _US_DATE.fullmatch(raw) is not None

# %% wrapped: DateChecker.accepts
from datetime import datetime


class DateChecker:
    """Checks that strings hold a date in a certain layout (mm-dd-yyyy at first)."""

    def __init__(self, layout="%m-%d-%Y"):
        self.layout = layout

    def accepts(self, value):
        """Return True when `value` can be read as a date, False otherwise.

        The 29th of February passes whatever the year.

        >>> DateChecker().accepts("10-05-2015")
        True
        >>> DateChecker().accepts("02-29-2001")
        True
        >>> DateChecker().accepts("00-05-2015")
        False
        """
        if value.startswith("02-29-"):
            value = value.replace("29", "28", 1)
        try:
            parsed = datetime.strptime(value, self.layout)
        except ValueError:
            return False
        return parsed.strftime(self.layout) == value
