# %% renamed: beat_lengths
def beat_lengths(score: str) -> list[int]:
    """Translate a line of ASCII sheet music into durations.

    Symbols are separated by blanks. An open head (``o``) is held for 4 beats, an
    open head with a stem (``o|``) for 2, and a filled head with a stem (``.|``)
    for a single beat.

    >>> beat_lengths(".| o o|")
    [1, 4, 2]
    """
    durations = []
    for symbol in score.split():
        if symbol == "o":
            durations.append(4)
        elif symbol == "o|":
            durations.append(2)
        elif symbol == ".|":
            durations.append(1)
        else:
            raise ValueError(f"unknown symbol: {symbol!r}")
    return durations

# %% algorithm: durations_from_tab
import re

_TOKEN = re.compile(r"(?P<whole>o(?!\|))|(?P<half>o\|)|(?P<quarter>\.\|)")
_BEATS = {"whole": 4, "half": 2, "quarter": 1}


def durations_from_tab(tab):
    """Scan `tab` for note signs and list the beats that each of them is held.

    A bare circle is a whole note (4 beats); a circle followed by a bar is a half
    note (2 beats); a dot followed by a bar is a quarter note (1 beat).

    >>> durations_from_tab("o| o| o .|")
    [2, 2, 4, 1]
    >>> durations_from_tab("")
    []
    """
    return [_BEATS[found.lastgroup] for found in _TOKEN.finditer(tab)]

# %% wrapped: decode_rhythm
def decode_rhythm(notation: str, *, unit: int = 1, sep: str | None = None) -> list[int]:
    """Decode a rhythm written in plain characters.

    Args:
        notation: Note signs, one after the other: ``o``, ``o|`` or ``.|``.
        unit: Number of ticks in one beat; every duration is multiplied by it.
        sep: What stands between two signs (any whitespace when left out).

    Returns:
        The duration of every sign: a whole note takes four units, a half note two
        and a quarter note one.

    >>> decode_rhythm("o .| o|")
    [4, 1, 2]
    >>> decode_rhythm("o .| o|", unit=10)
    [40, 10, 20]
    """
    ticks = {".|": unit, "o|": 2 * unit, "o": 4 * unit}
    signs = filter(None, notation.split(sep))
    return [ticks[sign] for sign in signs]
