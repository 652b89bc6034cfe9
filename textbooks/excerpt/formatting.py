"""black as a function: a snippet, or the parser's words on why it is not Python."""

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import black

LINE_LENGTH = 88


class Unformattable(ValueError):
    """The code is not Python; the text is the parser's message."""


def formatted(code: str) -> str:
    """Return `code` as black formats it.

    Raises:
        Unformattable: the code does not parse.

    """
    import black
    from black.parsing import InvalidInput

    try:
        return black.format_str(code, mode=_mode())
    except InvalidInput as error:
        raise Unformattable(str(error)) from error
    except (RecursionError, MemoryError, AssertionError, IndexError) as error:
        raise Unformattable(f"black failed on it: {type(error).__name__}: {error}") from error


@lru_cache(maxsize=1)
def _mode() -> "black.Mode":
    import black
    from black.mode import TargetVersion

    return black.Mode(line_length=LINE_LENGTH, target_versions={TargetVersion.PY311})
