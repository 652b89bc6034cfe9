"""How far a score can be trusted: intervals, and whether the difference of two is larger than chance.

Everything is drawn from fixed seeds, so the same numbers give the same words.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from textbooks.score.passk import estimate

DRAWS = 10_000
LEVEL = 0.95
CHANCE = 0.05
"""A difference that would come out by chance less often than that is said to be larger than chance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Two scores over the same problems."""

    problems: int
    first: float
    second: float
    p: float
    """How often chance alone would give so large a difference, either way."""
    resolution: float
    """The least difference of two scores that could tell them apart on so many problems with a sample each."""

    def words(self) -> str:
        """Return the plain sentence."""
        points = (self.second - self.first) * 100
        verdict = "is larger than chance" if self.p < CHANCE else "is not larger than chance"
        said = f"{self.first:.4f} and {self.second:.4f} over {self.problems} problems: "
        said += f"the difference of {points:+.1f} points {verdict} (p = {self.p:.4f})"
        if abs(points) < self.resolution * 100 and self.p >= CHANCE:
            said += f"; on {self.problems} problems less than {self.resolution * 100:.1f} points can hardly be told"
        return said


def interval(passed: Mapping[str, Sequence[bool]], k: int) -> tuple[float, float]:
    """Return the interval that holds pass@k at 95 %, by bootstrap over problems; each must have k samples."""
    import numpy as np

    values = np.array([estimate(len(results), sum(results), k) for results in passed.values()])
    generator = np.random.default_rng(2021)
    drawn = generator.integers(0, len(values), (DRAWS, len(values)))
    means = values[drawn].mean(axis=1)
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def difference(first: Mapping[str, Sequence[bool]], second: Mapping[str, Sequence[bool]]) -> Difference:
    """Compare pass@1 of two sets of samples over the problems that both have.

    By a paired permutation test: under chance each problem's difference could as well have the other sign. Exact where
    at most 12 problems differ, else over DRAWS draws.
    """
    import numpy as np

    shared = [task_id for task_id in first if task_id in second]
    one, other = ([sum(found[task_id]) / len(found[task_id]) for task_id in shared] for found in (first, second))
    deltas = np.array([b - a for a, b in zip(one, other, strict=True)])
    differing = deltas[deltas != 0]
    seen = abs(differing.sum())
    count = len(differing)
    if count <= 12:  # 4,096 ways
        signs = np.array([[1 if number >> bit & 1 else -1 for bit in range(count)] for number in range(2**count)])
        sums = abs(signs.reshape(2**count, count) @ differing)
        p = float((sums >= seen - 1e-9).mean())
    else:
        generator = np.random.default_rng(2021)
        signs = generator.choice([-1.0, 1.0], (DRAWS, count))
        p = float(((abs(signs @ differing) >= seen - 1e-9).sum() + 1) / (DRAWS + 1))
    return Difference(
        problems=len(shared),
        first=sum(one) / max(len(shared), 1),
        second=sum(other) / max(len(shared), 1),
        p=p,
        resolution=resolution(len(shared)),
    )


def resolution(problems: int) -> float:
    """Return the least difference that can be significant at 0.05: 6.7 points on 164 problems, as measured there.

    On others it is taken to shrink with the root of their number.
    """
    return 0.067 * math.sqrt(164 / max(problems, 1))
