"""What curating costs and finds, beside others: `make bench-curate`.

Three parts, each on one processor. `duplicates`: documents of about 360 words made of sentences of the shipped
recordings, some of them planted copies with a share of their words changed; with --peers PYTHON the same documents go
through plain rensa, datasketch and datatrove, where that interpreter has them. `lenses`: rewrites of HumanEval tasks
that were written by hand, among functions of the standard library and the installed packages. `scale`: 10,000,
100,000 and, with --million, 1,000,000 documents, each in a process of its own, with its peak memory.
"""

import argparse
import json
import os
import random
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.curating.planted_rewrites import clean_functions, rewrites
from textbooks.contamination import lenses, matches
from textbooks.curating import duplicates
from textbooks.curating.shingles import word_hashes
from textbooks.curating.structures import parsed
from textbooks.curation import Item, Policy, Seen
from textbooks.sandbox import Sandbox
from textbooks.teacher.teacher import shipped_recordings

WORDS = 360
SHARE_PLANTED = 0.06
THRESHOLD = 0.7
PEERS = Path(__file__).parent / "peers" / "dedup.py"


def sentences() -> list[str]:
    """Return the sentences of the shipped recordings' prose."""
    found = []
    for recipe in ("phi1-textbook", "instructions", "conversations", "reasoning"):
        for path in shipped_recordings(recipe):
            for line in path.read_text(encoding="utf-8").splitlines():
                text = json.loads(line)["response"]["body"]["choices"][0]["message"]["content"]
                prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
                found += [one.strip() for one in re.findall(r"[^.!?\n]{20,}[.!?]", prose)]
    return sorted(set(found))


class Documents:
    """So many documents, the same each time, made on the way: any of them is a function of its number."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._sentences = sentences()
        self._words = sorted({word for sentence in self._sentences for word in sentence.split()})

    def __iter__(self) -> Iterator[str]:
        return (self.text(number) for number in range(self.count))

    def planted(self, number: int) -> int | None:
        """Return of which document this one is a copy; None for one of its own."""
        generator = random.Random(number * 7919 + 1)
        return generator.randrange(number) if number > 100 and generator.random() < SHARE_PLANTED else None

    def text(self, number: int) -> str:
        source = self.planted(number)
        if source is not None:
            generator, words = random.Random(number), self.text(source).split()
            for place in range(len(words)):
                if generator.random() < (number % 8) * 0.01:  # from a true copy to about half of the shingles changed
                    words[place] = generator.choice(self._words)
            return " ".join(words)
        generator, found, length = random.Random(number), [], 0
        while length < WORDS:
            sentence = generator.choice(self._sentences)
            found.append(sentence)
            length += sentence.count(" ") + 1
        return " ".join(found)


def likenesses(documents: Documents) -> dict[int, float]:
    """Return number of a planted copy → how alike it is to its source, exactly."""
    found = {}
    for number in range(documents.count):
        source = documents.planted(number)
        if source is not None:
            one, other = (_set(documents.text(place)) for place in (number, source))
            found[number] = len(one & other) / len(one | other)
    return found


def _set(text: str) -> set[tuple[int, ...]]:
    hashed = word_hashes(text)
    return {tuple(hashed[start : start + 5]) for start in range(len(hashed) - 4)}


def ours(texts: list[str]) -> tuple[float, set[int]]:
    """Return the seconds that all documents take, shingling included, and the numbers of those found to be twins."""
    policy = Policy(prose_likeness=THRESHOLD, code_likeness=None)
    items = [Item(id=f"{number:07d}", text=text) for number, text in enumerate(texts)]
    started = time.process_time()
    seen = Seen(policy)
    for start in range(0, len(items), 500):
        seen.add(items[start : start + 500])
    twins = duplicates.twins(seen.lenses(lambda: items, frozenset()), seen.rank())
    return time.process_time() - started, {twin.place for twin in twins}


def compare_duplicates(count: int, peers: list[str]) -> None:
    documents = Documents(count)
    texts, exact = list(documents), likenesses(documents)
    near = {number for number, likeness in exact.items() if likeness >= THRESHOLD}
    rows = [("textbooks: shingles, sketches, twins confirmed", *ours(texts))]
    for python in peers:
        for peer in ("rensa", "datasketch", "datatrove"):
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "texts.json"
                path.write_text(json.dumps(texts[: count if peer != "datatrove" else min(count, 5000)]))
                done = subprocess.run(
                    [python, str(PEERS), peer, str(path)], capture_output=True, text=True, check=False
                )
            if done.returncode:
                print(f"{peer}: not there ({done.stderr.strip().splitlines()[-1][:100]})")
                continue
            found = json.loads(done.stdout)
            rows.append((f"{peer} {found['version']}", found["seconds"], set(found["flagged"])))
    print(
        f"\n{count} documents of about {WORDS} words, {len(exact)} planted copies, "
        f"{len(near)} of them {THRESHOLD} alike or more"
    )
    print(f"{'':48} {'docs/s':>8} {'found of those':>15} {'of the others':>14} {'unplanted':>10}")
    for name, seconds, flagged in rows:
        size = min(count, 5000) if name.startswith("datatrove") else count
        mine, others = {one for one in near if one < size}, {one for one in exact if one < size} - near
        print(
            f"{name:48} {size / seconds:8,.0f} {len(mine & flagged):7} / {len(mine):<5} "
            f"{len(others & flagged):6} / {len(others):<5} {len(flagged - set(exact)):10}"
        )


def compare_lenses(clean: int) -> None:
    through, planted = lenses(()), list(rewrites())
    functions = clean_functions(clean)
    with Sandbox(workers=1) as box:
        matches("", "def f(x):\n    return x\n", through, box)  # until worker and modules are there
        found = {one: matches(one.code, one.code, through, box) for one in planted}
        flagged, seconds, compared = Counter(), [], []
        for name, code in functions:
            started = time.process_time_ns(), time.perf_counter()
            all_matches = matches(code, code, through, box)
            seconds.append(time.perf_counter() - started[1])
            for match in all_matches:
                flagged[match.lens, match.trivial] += 1
                if not match.trivial:
                    print(f"  false positive: {name}: {match.lens} {match.task_id} {match.evidence[:60]}")
            started_compare = time.perf_counter()
            through.texts.matches(code), through.structures.matches(parsed(code))
            compared.append(time.perf_counter() - started_compare)
    print(
        f"\n{len(planted)} rewrites by hand of {len({one.task_id for one in planted})} tasks, "
        f"{len(functions)} clean functions"
    )
    kinds = sorted({one.kind for one in planted})
    print(f"{'recall':12}" + "".join(f"{kind:>14}" for kind in kinds) + f"{'all':>14}")
    for lens in ("text", "structure", "behaviour", "together"):
        cells = []
        for kind in (*kinds, None):
            these = [one for one in planted if kind in (one.kind, None)]
            hits = sum(
                any(m.task_id == one.task_id and lens in (m.lens, "together") for m in found[one]) for one in these
            )
            cells.append(f"{hits:5} / {len(these):<4}")
        print(f"{lens:12}" + "".join(f"{cell:>14}" for cell in cells))
    for (lens, trivial), count in sorted(flagged.items()):
        kind = f"{lens}, trivial" if trivial else lens
        print(f"clean functions flagged by {kind}: {count} ({count / len(functions):.2%})")
    behaviour = [whole - part for whole, part in zip(seconds, compared, strict=True)]
    mean, median = statistics.mean(behaviour) * 1e3, statistics.median(behaviour) * 1e3
    print(f"behaviour: {mean:.2f} ms a function (median {median:.2f})")
    print(f"text and structure together: {statistics.mean(compared) * 1e3:.2f} ms a row")


def scale(count: int) -> None:
    """Sketch and compare so many documents, without holding them, and print time and memory."""
    documents = Documents(count)
    policy = Policy(prose_likeness=THRESHOLD, code_likeness=None)

    def items() -> Iterator[Item]:
        return (Item(id=str(number), text=text) for number, text in enumerate(documents))

    started = time.process_time()
    for _ in items():
        pass
    making = time.process_time() - started
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.process_time()
    seen, waiting = Seen(policy), []
    for item in items():
        waiting.append(item)
        if len(waiting) == 500:
            seen.add(waiting)
            waiting = []
    seen.add(waiting)
    sketched = time.process_time()
    found = duplicates.twins(seen.lenses(items, frozenset()), seen.rank())
    ended = time.process_time()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds = ended - started - 2 * making  # the documents are made anew for each pass
    print(
        f"{count:10,} documents: {seconds:8.1f} s, {count / seconds:8,.0f} docs/s "
        f"(sketching {sketched - started - making:.1f} s, comparing {ended - sketched - making:.1f} s), "
        f"{len(found):,} twins, peak {peak / 2**20:.2f} GiB ({before / 2**20:.2f} before)",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=20_000)
    parser.add_argument("--clean", type=int, default=2_000)
    parser.add_argument("--peers", action="append", default=[], metavar="PYTHON")
    parser.add_argument("--million", action="store_true")
    parser.add_argument("--scale", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    if options.scale:
        scale(options.scale)
        return
    compare_duplicates(options.documents, options.peers)
    compare_lenses(options.clean)
    print()
    for count in (10_000, 100_000, *((1_000_000,) if options.million else ())):
        subprocess.run([sys.executable, "-m", "benchmarks.curate", "--scale", str(count)], check=True)


if __name__ == "__main__":
    main()
