"""How varied texts are, by measures that say something only beside those of another corpus, all at equal length.

Compression, distinct n-grams, self-repetition, Self-BLEU and the Vendi score, over a sample of which each text is cut
to the same number of words: all of these measures favour short texts (Shaib et al. 2024). Draws nothing at random.
"""

import ast
import math
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from textbooks.curating.shingles import word_hashes
from textbooks.curating.structures import parsed

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SAMPLE = 500
"""Texts that are measured, at most; Self-BLEU takes the first BLEU_SAMPLE of them."""
BLEU_SAMPLE = 100
LENGTHS = (100, 50, 20)
"""Words to which texts are cut: the first of these that LEAST_TEXTS of them have."""
LEAST_TEXTS = 20
FEATURES = 4096
"""Hashed words and pairs of words from which the Vendi score makes its vectors."""
LONG_NGRAM = 4


class Sample:
    """A sample of many texts: those with the least hashes, whatever the order in which they come."""

    def __init__(self) -> None:
        self._kept: dict[int, list[tuple[int, str]]] = {length: [] for length in LENGTHS}

    def add(self, text: str) -> None:
        """Take a text into account."""
        found = text.split()
        for length in LENGTHS:
            if len(found) >= length:
                cut = " ".join(found[:length])
                self._kept[length].append((zlib.crc32(cut.encode("utf-8", "surrogatepass")), cut))
                if len(self._kept[length]) > 8 * SAMPLE:
                    self._kept[length] = sorted(self._kept[length])[:SAMPLE]

    def texts(self, length: int) -> list[str]:
        """Return the sampled texts of that many words."""
        return [text for _, text in sorted(self._kept[length])[:SAMPLE]]

    def length(self) -> int | None:
        """Return to how many words texts are cut; None where there are too few of any."""
        return next((length for length in LENGTHS if len(self.texts(length)) >= LEAST_TEXTS), None)


def measured(texts: Sequence[str]) -> dict[str, Any]:
    """Return the measures of some texts of equal length.

    `compression_ratio`: bytes by bytes under zlib, more is more alike. `distinct_1` to `_3`: share of n-grams that
    differ. `self_repetition`: mean over texts of log(1 + their 4-grams that another text has, too). `self_bleu`: mean
    BLEU-4 of a text against the others. `vendi`: the number of texts, wholly unlike one another, that would be as
    varied (Friedman and Dieng 2023), at most the number of texts.
    """
    tokens = [word_hashes(text) for text in texts]
    whole = "\n".join(texts).encode("utf-8", "surrogatepass")
    return {
        "texts": len(texts),
        "compression_ratio": round(len(whole) / len(zlib.compress(whole, 9)), 4) if whole else None,
        **{f"distinct_{n}": _distinct(tokens, n) for n in (1, 2, 3)},
        "self_repetition": _self_repetition(tokens),
        "self_bleu": _self_bleu(tokens[:BLEU_SAMPLE]),
        "vendi": _vendi(tokens),
    }


def constructs(codes: Iterable[str]) -> dict[str, dict[str, int]]:
    """Return how many programs import each module, and have each kind of syntax node, the most common first."""
    imports: Counter[str] = Counter()
    nodes: Counter[str] = Counter()
    for code in codes:
        own, kinds = set(), set()
        for node in ast.walk(parsed(code)):
            kinds.add(type(node).__name__)
            if isinstance(node, ast.Import):
                own |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                own.add(node.module.partition(".")[0])
        imports.update(own)
        nodes.update(kinds - {"Module", "Load", "Store", "Del"})
    return {"imports": _by_count(imports), "nodes": _by_count(nodes)}


def _by_count(counter: Counter[str]) -> dict[str, int]:
    return dict(sorted(counter.items(), key=lambda item: (-item[1], item[0])))


def _ngrams(tokens: Sequence[int], n: int) -> list[tuple[int, ...]]:
    return list(zip(*(tokens[start:] for start in range(n)), strict=False))


def _distinct(tokens: Sequence[Sequence[int]], n: int) -> float | None:
    found = [ngram for text in tokens for ngram in _ngrams(text, n)]
    return round(len(set(found)) / len(found), 4) if found else None


def _self_repetition(tokens: Sequence[Sequence[int]]) -> float | None:
    own = [set(_ngrams(text, LONG_NGRAM)) for text in tokens]
    texts_of: Counter[tuple[int, ...]] = Counter()
    for ngrams in own:
        texts_of.update(ngrams)
    shared = [sum(texts_of[ngram] > 1 for ngram in ngrams) for ngrams in own]
    return round(sum(math.log(1 + count) for count in shared) / len(shared), 4) if shared else None


def _self_bleu(tokens: Sequence[Sequence[int]]) -> float | None:
    """Return the mean BLEU-4 of each text against all others, smoothed by one where nothing is shared."""
    if len(tokens) < 2:
        return None
    logs = [0.0] * len(tokens)
    for n in (1, 2, 3, 4):
        counts = [Counter(_ngrams(text, n)) for text in tokens]
        # The most that any text has of an n-gram, and the most that any other than that one has.
        most: dict[tuple[int, ...], tuple[int, int, int]] = {}
        for place, own in enumerate(counts):
            for ngram, count in own.items():
                first, second, holder = most.get(ngram, (0, 0, -1))
                most[ngram] = (count, first, place) if count > first else (first, max(second, count), holder)
        for place, own in enumerate(counts):
            shared = sum(
                min(count, second if holder == place else first)
                for ngram, count in own.items()
                for first, second, holder in [most[ngram]]
            )
            logs[place] += math.log(max(shared, 1) / max(sum(own.values()), 1)) / 4
    return round(sum(math.exp(value) for value in logs) / len(logs), 4)


def _vendi(tokens: Sequence[Sequence[int]]) -> float | None:
    """Return the Vendi score over hashed words and pairs of words."""
    import numpy as np

    if not tokens:
        return None
    vectors = np.zeros((len(tokens), FEATURES))
    for row, text in enumerate(tokens):
        for ngram, count in Counter([*_ngrams(text, 1), *_ngrams(text, 2)]).items():
            mixed = zlib.crc32(repr(ngram).encode())
            vectors[row, mixed % FEATURES] += math.sqrt(count) * (1 if mixed & 0x80000000 else -1)
    return vendi(vectors)


def vendi(vectors: "Sequence[Sequence[float]] | NDArray[np.float64]") -> float:
    """Return the Vendi score of vectors, one for each text, of whatever model.

    It is exp of the entropy of the eigenvalues of their cosine likenesses, divided by their number.
    """
    import numpy as np

    rows = np.asarray(vectors, np.float64)
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    rows = rows / np.where(norms == 0, 1, norms)
    values = np.linalg.eigvalsh(rows @ rows.T / len(rows))
    values = values[values > 1e-12]
    return round(float(np.exp(-np.sum(values * np.log(values)))), 2)
