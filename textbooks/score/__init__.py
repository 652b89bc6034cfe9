"""Score completions of HumanEval-format problems in the box: problems, judging, pass@k."""

from textbooks.score.scoring import Score, score

__all__ = ["Score", "score"]
