"""black as a function: a snippet, or the parser's words on why it is not Python."""

import symtable
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import black

LINE_LENGTH = 88


class Unformattable(ValueError):
    """The code is not Python; the text is the parser's message, on one line."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message.splitlines()[0] if message else "it cannot be parsed")
        self.line = line


def formatted(code: str) -> str:
    """Return `code` as black formats it.

    Raises:
        Unformattable: the code does not parse, or nests too deeply to be read.

    """
    import black
    from black.parsing import InvalidInput

    try:
        # Reads the symbols as well as the syntax, as everything that looks at the code afterwards does.
        symtable.symtable(code, "<snippet>", "exec")
        return black.format_str(code, mode=_mode())
    except SyntaxError as error:
        raise Unformattable(f"{error.msg} (line {error.lineno})", error.lineno) from error
    except (InvalidInput, ValueError, RecursionError, MemoryError, AssertionError, IndexError) as error:
        raise Unformattable(f"{type(error).__name__}: {error}") from error


@lru_cache(maxsize=1)
def _mode() -> "black.Mode":
    import black
    from black.mode import TargetVersion

    return black.Mode(line_length=LINE_LENGTH, target_versions={TargetVersion.PY311})
