"""Which values of the drawn axes a corpus has, and which of them fail most. Counts rows; reads no text."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

LEAST_TRIED = 5
"""So many rows make a share of failures worth telling."""
MOST_LISTED = 5


class Coverage:
    """Accepted and rejected rows by value of each axis, and by pairs of values of neighbouring axes."""

    def __init__(self, axes: Sequence[str]) -> None:
        self._axes = list(axes)
        self._pairs = list(pairwise(self._axes))
        self._tried: Counter[tuple[str, ...]] = Counter()
        self._accepted: Counter[tuple[str, ...]] = Counter()

    def add(self, row: Mapping[str, str], *, is_accepted: bool) -> None:
        """Count a row by its values."""
        cells = [(axis, row[axis]) for axis in self._axes]
        cells += [(first, second, row[first], row[second]) for first, second in self._pairs]  # type: ignore[misc]  # cells of two axes are longer
        self._tried.update(cells)
        if is_accepted:
            self._accepted.update(cells)

    def view(self) -> dict[str, Any]:
        """Return for each axis its values and the thinnest of them, for each pair its cells, and what fails most."""
        return {
            "axes": {axis: self._axis(axis) for axis in self._axes},
            "cells": {f"{first} × {second}": self._cells(first, second) for first, second in self._pairs},
        }

    def _axis(self, axis: str) -> dict[str, Any]:
        tried = {cell[1]: count for cell, count in self._tried.items() if cell[:-1] == (axis,)}
        accepted = {value: self._accepted[axis, value] for value in tried}
        return {
            "values": len(tried),
            "least": min(accepted.values(), default=0),
            "most": max(accepted.values(), default=0),
            "thinnest": dict(sorted(accepted.items(), key=lambda item: (item[1], item[0]))[:MOST_LISTED]),
            "failing": self._failing({(axis, value): count for value, count in tried.items()}),
        }

    def _cells(self, first: str, second: str) -> dict[str, Any]:
        pair = (first, second)
        tried: dict[tuple[str, ...], int] = {cell: count for cell, count in self._tried.items() if cell[:-2] == pair}
        filled = sum(self._accepted[cell] > 0 for cell in tried)
        return {"drawn": len(tried), "with_rows": filled, "failing": self._failing(tried)}

    def _failing(self, tried: Mapping[tuple[str, ...], int]) -> list[dict[str, Any]]:
        """Return what fails most of what was tried often enough, by share."""
        lost = {cell: count - self._accepted[cell] for cell, count in tried.items() if count >= LEAST_TRIED}
        worst = sorted((cell for cell in lost if lost[cell]), key=lambda cell: (-lost[cell] / tried[cell], cell))
        return [
            {"value": " × ".join(cell[len(cell) // 2 :]), "tried": tried[cell], "rejected": lost[cell]}
            for cell in worst[:MOST_LISTED]
        ]
