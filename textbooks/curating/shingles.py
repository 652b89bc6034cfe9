"""Texts → shingles: hashes of every few words or code tokens in a row, of many texts at once, and MinHash sketches.

Words are lower case without punctuation, and single characters where a script writes no spaces. Code is reduced to its
keywords, operators, attributes, longer strings and kinds of other literals, so that renaming hides nothing. The
same in every process and on every machine. Compares nothing.
"""

import io
import keyword
import re
import token
import tokenize
import zlib
from collections.abc import Iterable, Sequence
from itertools import chain, pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

WORDS_IN_A_ROW = 5
TOKENS_IN_A_ROW = 8
PERMUTATIONS = 128
LEAST_SAID = 5
"""Words of a string in a program that say something of their own."""
EMPTY = 0xFFFFFFFF
"""Every value of the sketch of a text without shingles."""

PUNCTUATION = bytes(code for code in range(128) if not chr(code).isalnum())
TO_SPACES = bytes.maketrans(PUNCTUATION, b" " * len(PUNCTUATION))
SPACELESS = re.compile("[\u2e80-\u9fff\uac00-\ud7a3\u0e00-\u0e7f]|[^\\W_\u2e80-\u9fff\uac00-\ud7a3\u0e00-\u0e7f]+")
"""A letter of Chinese, Japanese, Korean or Thai; a word of any other script."""


def word_hashes(text: str) -> list[int]:
    """Return a 32-bit hash for each word of a text, in order."""
    lower = text.lower()
    if lower.isascii():
        return list(map(zlib.crc32, lower.encode().translate(TO_SPACES).split()))
    return [zlib.crc32(word.encode("utf-8", "surrogatepass")) for word in SPACELESS.findall(lower)]


def token_hashes(code: str) -> list[int]:
    """Return a 32-bit hash for each token of a program; names, literals and layout are told by their kind alone.

    What a module gives, an attribute behind a dot, keeps its name; so does what is called, unless the program defines
    it. Of what does not parse to its end, the tokens before that.
    """
    names = _tokens(code)
    defined = {after for before, after in pairwise(names) if before in ("def", "class") and after.isidentifier()}
    reduced = []
    for before, one, after in zip(["", *names], names, [*names[1:], ""], strict=False):
        is_free = one.isidentifier() and not keyword.iskeyword(one)
        if is_free and before != "." and (after != "(" or one in defined or before == "def"):
            one = "name"  # noqa: PLW2901  # reduced on the way
        reduced.append(one)
    return [zlib.crc32(one.encode("utf-8", "surrogatepass")) for one in reduced]


def _tokens(code: str) -> list[str]:
    found: list[str] = []
    starts_statement = True
    try:
        for one in tokenize.generate_tokens(io.StringIO(code).readline):
            if one.type in (token.NL, token.COMMENT, token.ENCODING, token.ENDMARKER):
                continue
            if one.type in (token.NEWLINE, token.INDENT, token.DEDENT):
                starts_statement = True
                found += [token.tok_name[one.type]] if one.type != token.NEWLINE else []
                continue
            if one.type == token.STRING:
                if not starts_statement:  # else a docstring
                    found += _said(one.string)
            else:
                found.append("number" if one.type == token.NUMBER else one.string)
            starts_statement = False
    except (tokenize.TokenError, SyntaxError, IndentationError):
        pass
    return found


def _said(literal: str) -> list[str]:
    """Return what a string counts for: its words where they are a text, such as a query, else its kind."""
    inside = SPACELESS.findall(literal.lower())
    return inside if len(inside) >= LEAST_SAID else ["string"]


def shingles(hashed: Iterable[Sequence[int]], in_a_row: int) -> "tuple[NDArray[np.uint64], NDArray[np.int64]]":
    """Return the 64-bit hashes of all shingles of all texts, one behind the other, and where each text's begin and end.

    Text i has `flat[ends[i]:ends[i + 1]]`; a text of fewer words has none. Repeated ones stay.
    """
    import numpy as np

    texts = list(hashed)
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    words = np.fromiter(chain.from_iterable(texts), np.uint64, int(lengths.sum()))
    counts = np.maximum(lengths - in_a_row + 1, 0)
    ends = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
    size = len(words) - in_a_row + 1
    if size <= 0:
        return np.zeros(0, np.uint64), ends
    mixed = words[:size].copy()
    for offset in range(1, in_a_row):
        mixed *= np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(29)
        mixed += words[offset : offset + size]
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(32)
    lasts = np.repeat(np.cumsum(lengths), lengths)[:size]
    return mixed[np.arange(size) + in_a_row <= lasts], ends


def sketches(flat: "NDArray[np.uint64]", ends: "NDArray[np.int64]") -> "NDArray[np.uint32]":
    """Return a MinHash sketch of PERMUTATIONS values for each text: of each hash function the least over its shingles.

    Two sketches agree in a share of their values that estimates the Jaccard likeness of the shingles (Broder 1997),
    here with a standard error of at most 0.044.
    """
    import numpy as np

    generator = np.random.default_rng(20_260_101)
    factors = generator.integers(1, 2**63, PERMUTATIONS, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    addends = generator.integers(0, 2**63, PERMUTATIONS, dtype=np.uint64)
    found = np.full((len(ends) - 1, PERMUTATIONS), EMPTY, np.uint32)
    holds = ends[1:] > ends[:-1]
    if not holds.any():
        return found
    starts = ends[:-1][holds]
    permuted = np.empty(len(flat), np.uint64)
    for column in range(PERMUTATIONS):
        np.multiply(flat, factors[column], out=permuted)
        np.add(permuted, addends[column], out=permuted)
        found[holds, column] = np.minimum.reduceat(permuted, starts) >> np.uint64(32)
    return found
