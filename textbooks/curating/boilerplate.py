"""What a corpus says again and again: openings of its texts, and whole sentences. Counts; drops nothing."""

import hashlib
import re
from array import array
from collections import Counter
from collections.abc import Iterable

from textbooks.curating.texts import words

OPENING_WORDS = 5
LEAST_WORDS = 5
"""Words of a sentence that is worth counting."""
LEAST_ROWS, LEAST_SHARE = 3, 0.01
"""What so many texts hold, and so large a share of them, is listed."""
MOST_LISTED = 20
SENTENCE = re.compile(r"[^.!?。！？\n]+[.!?。！？]?")
FENCED = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)


class Boilerplate:
    """Openings and sentences, counted by the number of texts that hold them; sentences by their hashes alone."""

    def __init__(self) -> None:
        self._openings: Counter[str] = Counter()
        self._sentences = array("Q")
        self._rows = 0

    def add(self, text: str) -> None:
        """Count one text."""
        self._rows += 1
        self._openings[" ".join(words(FENCED.sub("", text[:2000])[:400])[:OPENING_WORDS])] += 1
        self._sentences.extend({_hash(sentence) for sentence in _sentences(text)})

    def openings(self) -> list[tuple[str, int]]:
        """Return the openings that several texts share, with their number."""
        common = [(opening, count) for opening, count in self._openings.items() if opening and count >= self._least]
        return sorted(common, key=lambda item: (-item[1], item[0]))[:MOST_LISTED]

    def sentences(self, again: Iterable[str]) -> list[tuple[str, int]]:
        """Return the sentences that several texts share, with their number; `again` gives the same texts once more."""
        import numpy as np

        values, counts = np.unique(np.array(self._sentences, np.uint64), return_counts=True)
        common = [(int(value), int(count)) for value, count in zip(values, counts, strict=True) if count >= self._least]
        wanted = dict(sorted(common, key=lambda item: (-item[1], item[0]))[:MOST_LISTED])
        found: dict[int, str] = {}
        for text in again if wanted else ():
            for sentence in _sentences(text):
                if (key := _hash(sentence)) in wanted:
                    found.setdefault(key, sentence)
            if len(found) == len(wanted):
                break
        return sorted(((found[key], wanted[key]) for key in found), key=lambda item: (-item[1], item[0]))

    @property
    def _least(self) -> float:
        return max(LEAST_ROWS, LEAST_SHARE * self._rows)


def _sentences(text: str) -> Iterable[str]:
    """Yield the sentences of a text's prose, spaces and case evened out."""
    for found in SENTENCE.findall(FENCED.sub("", text)):
        sentence = " ".join(found.split()).casefold()
        if sentence.count(" ") + 1 >= LEAST_WORDS:
            yield sentence


def _hash(text: str) -> int:
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little")
