"""Train a local classifier on a labelled corpus, and show where it errs on rows that it has not seen.

    pip install 'textbooks[classify]'
    textbooks build labelled-reviews --out runs/labelled-reviews
    python examples/train_classifier.py runs/labelled-reviews

Words and pairs of words, weighed by TF-IDF, into a logistic regression: no GPU, a second for a thousand rows. The
confusion matrix is of the corpus's own test split.
"""

import argparse
from pathlib import Path

import pyarrow.parquet as pq
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import confusion_matrix
from sklearn.pipeline import make_pipeline


def rows(run: Path, split: str) -> tuple[list[str], list[str]]:
    """Return the texts and labels of one split of a run's corpus."""
    paths = sorted((run / "corpus/data").glob(f"{split}-*.parquet"))
    if not paths:
        raise SystemExit(f"{run} has no split {split!r}; build a labelled recipe with more samples")
    table = pq.read_table(paths, columns=["text", "label"])
    return table.column("text").to_pylist(), table.column("label").to_pylist()


def main() -> None:
    """Train, and print the confusion matrix of the test split."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("run", type=Path, help="a run of a labelled recipe, such as runs/labelled-reviews")
    run = parser.parse_args().run
    texts, labels = rows(run, "train")
    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    classifier = make_pipeline(words, LogisticRegression(max_iter=1000))
    classifier.fit(texts, labels)
    unseen, expected = rows(run, "test")
    found = classifier.predict(unseen)
    names = sorted(set(labels) | set(expected))
    width = max(map(len, names)) + 2
    print(f"{len(texts)} rows to learn from, {len(unseen)} unseen; right: {sum(found == expected)}")
    print("given \\ found".ljust(width), *(name.rjust(width) for name in names))
    for name, counts in zip(names, confusion_matrix(expected, found, labels=names), strict=True):
        print(name.ljust(width), *(str(count).rjust(width) for count in counts))


if __name__ == "__main__":
    main()
