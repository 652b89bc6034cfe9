"""Near-duplicates by another library, its own parts, 5-word shingles made in Python: `dedup.py PEER TEXTS.json`.

128 hashes, 16 bands of 8 rows, as their examples have it, and a likeness of 0.7 by their own estimate; datatrove by its
own steps, 14 buckets of 8 hashes, without an estimate. Prints JSON: version, processor seconds, flagged documents.
"""

import json
import re
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

WORD = re.compile(r"\w+")


def shingles(text: str) -> list[str]:
    words = WORD.findall(text.lower())
    return [" ".join(words[start : start + 5]) for start in range(len(words) - 4)]


def by_rensa(texts: list[str]) -> list[int]:
    from rensa import RMinHash, RMinHashLSH

    index, sketches, flagged = RMinHashLSH(threshold=0.7, num_perm=128, num_bands=16), [], []
    for number, text in enumerate(texts):
        sketch = RMinHash(num_perm=128, seed=42)
        sketch.update(shingles(text))
        if any(sketch.jaccard(sketches[other]) >= 0.7 for other in index.query(sketch)):
            flagged.append(number)
        index.insert(number, sketch)
        sketches.append(sketch)
    return flagged


def by_datasketch(texts: list[str]) -> list[int]:
    from datasketch import MinHash, MinHashLSH

    index, sketches, flagged = MinHashLSH(num_perm=128, params=(16, 8)), [], []
    for number, text in enumerate(texts):
        sketch = MinHash(num_perm=128, seed=42)
        sketch.update_batch([one.encode() for one in shingles(text)])
        if any(sketch.jaccard(sketches[int(other)]) >= 0.7 for other in index.query(sketch)):
            flagged.append(number)
        index.insert(str(number), sketch)
        sketches.append(sketch)
    return flagged


def by_datatrove(texts: list[str]) -> list[int]:
    from datatrove.data import Document
    from datatrove.pipeline.dedup import MinhashDedupBuckets, MinhashDedupCluster, MinhashDedupFilter
    from datatrove.pipeline.dedup.minhash import MinhashConfig, MinhashDedupSignature

    config = MinhashConfig(n_grams=5, num_buckets=14, hashes_per_bucket=8)
    documents = [Document(text=text, id=str(number)) for number, text in enumerate(texts)]
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        MinhashDedupSignature(output_folder=str(root / "signatures"), config=config).run(iter(documents), 0, 1)
        for bucket in range(config.num_buckets):
            step = MinhashDedupBuckets(str(root / "signatures"), str(root / "buckets"), config=config)
            step.run(None, bucket, config.num_buckets)
        MinhashDedupCluster(str(root / "buckets"), str(root / "removed"), config=config).run(None, 0, 1)
        kept = MinhashDedupFilter(str(root / "removed")).run(iter(documents), 0, 1)
        stays = {int(document.id) for document in kept}
    return sorted(set(range(len(texts))) - stays)


def main() -> None:
    peer, path = sys.argv[1:]
    texts = json.loads(Path(path).read_text())
    run = {"rensa": by_rensa, "datasketch": by_datasketch, "datatrove": by_datatrove}[peer]
    run(texts[:20])  # until modules and models are loaded
    started = time.process_time()
    flagged = run(texts)
    print(json.dumps({"version": version(peer), "seconds": time.process_time() - started, "flagged": flagged}))


if __name__ == "__main__":
    main()
