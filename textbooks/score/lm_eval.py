"""What lm-eval's tasks of code call to judge predictions, here judged in the box.

In a task's `utils.py`, `from textbooks.score.lm_eval import pass_at_k` takes the place of the function of that name,
which runs whatever the model wrote in lm-eval's own process.
"""

from collections.abc import Sequence

from textbooks.score.passk import estimate
from textbooks.score.scoring import box


def pass_at_k(
    references: Sequence[str], predictions: Sequence[Sequence[str]], k: Sequence[int] | int | None = None
) -> dict[str, float]:
    """Return pass@k of predictions, each a whole program, judged by the references, the tests of each problem.

    A program passes if it reaches the end of its test. As in `code_eval`, a k is left out where a problem has fewer
    predictions.
    """
    wanted = (k,) if isinstance(k, int) else tuple(k or (1,))
    programs = [
        f"{prediction}\n{reference}"
        for reference, mine in zip(references, predictions, strict=True)
        for prediction in mine
    ]
    with box() as opened:
        passed = [verdict.status == "ok" for verdict in opened.map(programs, bare=True)]
    counts = []
    for mine in predictions:
        counts.append((len(mine), sum(passed[: len(mine)])))
        passed = passed[len(mine) :]
    return {
        f"pass@{one}": sum(estimate(total, right, one) for total, right in counts) / len(counts)
        for one in wanted
        if counts and all(total >= one for total, _ in counts)
    }
