"""A subject → a list of entities that the teacher writes level by level, for a person to review.

Subject, subtopics, single concepts: each level asks once for each entry of the level above. What says the same as
another, in the new list or in an old one, is dropped and counted. Every answer is journaled beside the list, so the
same command goes on where it stopped and pays for nothing twice.
"""

import asyncio
import json
import math
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Any, Literal

import jinja2
import yaml

from textbooks import assets
from textbooks.calls import Request
from textbooks.errors import TextbooksError, suggestion
from textbooks.excerpt import languages
from textbooks.plan.lists import EntityList, load_lists, stems
from textbooks.storage import digest, write_text
from textbooks.teacher.answers import Answers
from textbooks.teacher.budget import Budget
from textbooks.teacher.journal import Journal
from textbooks.teacher.live import LiveTeacher
from textbooks.teacher.prices import price_of
from textbooks.teacher.teacher import Teacher

Kind = Literal["topics", "audiences"]
WHAT = {"topics": "concepts", "audiences": "kinds of readers"}
MOST_TOKENS = 4000
WRITTEN = "list.sha256"
"""File beside the journal that says what was written, so that a person's work on it is seen."""
SPARE = 1.3
"""So many times as many entries are asked for as are wanted: some say the same."""
NEAR_SHARE = 0.75
"""Two entries say the same where they share so much of their words."""
COMMON = frozenset("a an the of and or to in on for with by from as at is its one".split())  # noqa: SIM905  # words


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """What is to be grown."""

    subject: str
    kind: Kind
    size: int
    depth: int
    language: str
    model: str
    fields: tuple[str, ...] = ()
    example: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grown:
    """What a growth came to."""

    path: Path
    entries: int
    dropped: dict[str, int]
    """Why entries were left out → how many."""
    requests: int
    unanswered: int
    cost_usd: float | None

    def view(self) -> dict[str, Any]:
        """Return it as JSON."""
        facts = {"entries": self.entries, "dropped": self.dropped, "requests": self.requests}
        return {"path": str(self.path), **facts, "unanswered": self.unanswered, "cost_usd": self.cost_usd}


def grow(
    subject: str,
    out: Path,
    *,
    kind: Kind = "topics",
    size: int = 100,
    depth: int = 2,
    language: str = "en",
    like: str | None = None,
    model: str | None = None,
    base_url: str | None = None,
    price: str | None = None,
    budget_usd: float | None = None,
) -> Grown:
    """Have the teacher write a list about `subject` and save it as `out`.

    `like` names a list whose fields the new entries fill, too.

    Raises:
        TextbooksError: whatever a person can mend, before anything is asked where it can be known before.

    """
    model = _checked(out, size, depth, language, model, base_url)
    cost = price_of(model, price)
    if budget_usd is not None and cost is None:
        said = f"the price of model {model!r} is unknown, so --budget cannot be kept"
        raise TextbooksError(f"{said}; add --price in=…,out=… (US dollars per million tokens)")
    _refuse_edited(out)
    growth = Growth(
        subject=subject, kind=kind, size=size, depth=depth, language=language, model=model, **_form(kind, like)
    )
    budget = Budget(price=cost, limit_usd=budget_usd)
    with Journal(out.with_suffix(".journal")) as journal:
        if cost:
            journal.close_unanswered()
            for body, response in journal.spending():
                budget.already(body, response)
        leaves, counts = asyncio.run(_levels(growth, journal, budget, base_url))
    kept, dropped = _distinct(_mixed(leaves), _known(kind), growth)
    if not kept:
        journal_folder = str(out.with_suffix(".journal"))
        raise TextbooksError(f"no answer held an entry; look into {journal_folder!r}, and remove it to ask again")
    text = _text(growth, kept)
    write_text(out, text)
    write_text(out.with_suffix(".journal") / WRITTEN, digest(text))
    return Grown(
        path=out,
        entries=len(kept),
        dropped=dict(dropped),
        requests=counts["requests"],
        unanswered=counts["unanswered"],
        cost_usd=round(budget.spent_usd, 6) if cost else None,
    )


def _checked(out: Path, size: int, depth: int, language: str, model: str | None, base_url: str | None) -> str:
    if not (base_url or os.environ.get("OPENAI_BASE_URL") or os.environ.get("OPENAI_API_KEY")):
        raise TextbooksError("no endpoint is named; set OPENAI_API_KEY, or name one with --base-url")
    if model is None:
        raise TextbooksError("no model is named; add --model NAME")
    if out.suffix != ".yaml":
        raise TextbooksError(f"--out {str(out)!r} is no list; let it end in .yaml")
    if out.exists() and not out.with_suffix(".journal").is_dir():
        raise TextbooksError(f"--out {str(out)!r} is there already, and was not grown; name a new file")
    if size < 1 or not 1 <= depth <= 4:  # a fifth level would ask thousands of times
        raise TextbooksError(f"--size is {size} and --depth {depth}; give a size from 1 and a depth from 1 to 4")
    if not languages.is_known(language):
        raise TextbooksError(f"--language {language!r} is no language.{suggestion(language, languages.KNOWN)}")
    return model


def _refuse_edited(out: Path) -> None:
    """Refuse to write over a list that a person has worked on."""
    written = out.with_suffix(".journal") / WRITTEN
    if out.exists() and written.exists() and digest(out.read_text(encoding="utf-8")) != written.read_text():
        raise TextbooksError(f"{str(out)!r} was edited since it was grown; name another --out, or move it away")


def _form(kind: Kind, like: str | None) -> dict[str, Any]:
    """Return the fields that entries fill, and one that does, as an example."""
    reference = like or (None if kind == "topics" else "audiences")
    if reference is None:
        return {}
    first: EntityList = load_lists(reference)[0]
    entry = first.entries[0]
    own = [name for name in entry.fields if name != "list" and name not in first.shared]
    shown = {"name": entry.name, **{name: entry.fields[name] for name in own}}
    return {"fields": tuple(own), "example": json.dumps(shown, ensure_ascii=False)}


@dataclass(slots=True)
class _Asking:
    """Asks the teacher, and counts."""

    growth: Growth
    teacher: Teacher
    template: jinja2.Template
    counts: Counter[str] = field(default_factory=Counter)

    async def ask(self, level: int, road: tuple[str, ...], count: int) -> list[Any]:
        """Return the entries that the teacher lists below a road from the subject down."""
        growth = self.growth
        is_last = level == growth.depth
        prompt = self.template.render(
            count=count,
            what=WHAT[growth.kind] if is_last else "parts",
            road=road,
            is_last=is_last,
            language=growth.language,
            fields=growth.fields,
            example=growth.example,
        ).strip()
        messages = [{"role": "user", "content": prompt}]
        body = {"model": growth.model, "messages": messages, "max_completion_tokens": MOST_TOKENS}
        response = await self.teacher.ask(0, Request(custom_id=digest(body), body=body))
        self.counts["requests"] += 1
        if response is None or not response.texts:
            self.counts["unanswered"] += 1
            return []
        return list(entries_of(response.texts[0], fields=growth.fields if is_last else ()))


async def _levels(
    growth: Growth, journal: Journal, budget: Budget, base_url: str | None
) -> tuple[list[list[Any]], Counter[str]]:
    """Ask level by level; return the entries of the last one, in groups, and what was asked."""
    source = (assets.PACKAGE / "recipes/grow.md.jinja").read_text(encoding="utf-8")
    template = jinja2.Environment(trim_blocks=True, lstrip_blocks=True).from_string(source)  # noqa: S701  # no HTML
    live = LiveTeacher(base_url=base_url, proved=len(journal) > 0, budget=budget)
    teacher = Teacher(journal, Answers(()), live)
    asking = _Asking(growth, teacher, template)
    branches = max(2, math.ceil(growth.size ** (1 / growth.depth)))
    roads: list[tuple[str, ...]] = [(growth.subject,)]
    groups: list[list[Any]] = []
    try:
        for level in range(1, growth.depth + 1):
            is_last = level == growth.depth
            each = math.ceil(growth.size / len(roads) * SPARE) if is_last else branches
            groups = await asyncio.gather(*(asking.ask(level, road, each) for road in roads))
            teacher.settle()
            if not is_last:
                below = [(*road, name) for road, names in zip(roads, groups, strict=True) for name in names[:branches]]
                roads = below or roads
    finally:
        await teacher.close()
        journal.finish(0)
    return groups, asking.counts


def entries_of(text: str, *, fields: Sequence[str]) -> Iterator[Any]:
    """Yield the entries of an answer: names, or, where there are fields, mappings with all of them filled."""
    if not fields:
        for line in text.splitlines():
            match = re.match(r"\s*(?:[-*•]|\d+[.)])\s+(.*\S)\s*$", line)
            if match:
                yield match.group(1).strip("*_`. ")
        return
    start = text.find("[")
    try:
        found, _ = json.JSONDecoder().raw_decode(text[start:]) if start >= 0 else ([], 0)
    except (ValueError, RecursionError):
        return
    for item in found:
        if isinstance(item, dict) and all(isinstance(item.get(key), str) and item[key] for key in ("name", *fields)):
            yield {key: item[key].strip() for key in ("name", *fields)}


def _mixed(groups: Iterable[Sequence[Any]]) -> Iterator[Any]:
    """Yield the entries of all groups in turn, since a list is drawn from its top."""
    for row in zip_longest(*groups):
        yield from (entry for entry in row if entry is not None)


def _known(kind: Kind) -> list[str]:
    return [entry.name for stem in stems(kind) for one in load_lists(f"{kind}/{stem}") for entry in one.entries]


def _distinct(entries: Iterable[Any], known: Iterable[str], growth: Growth) -> tuple[list[Any], Counter[str]]:
    """Return the first entries that say something new, as many as are wanted, and why the others were dropped."""
    old, new = _Said(growth.language), _Said(growth.language)
    for name in known:
        old.add(name)
    kept: list[Any] = []
    dropped: Counter[str] = Counter()
    for entry in entries:
        name = entry if isinstance(entry, str) else entry["name"]
        if len(kept) >= growth.size:
            dropped["beyond the size"] += 1
        elif old.has(name):
            dropped["in an existing list"] += 1
        elif new.has(name):
            dropped["said already"] += 1
        else:
            new.add(name)
            kept.append(entry)
    return kept, dropped


class _Said:
    """What was said so far, whatever the forms and the order of its words."""

    def __init__(self, language: str) -> None:
        self._language = language
        self._by_word: dict[str, list[frozenset[str]]] = {}
        self._whole: set[frozenset[str]] = set()

    def add(self, name: str) -> None:
        words = self._words(name)
        self._whole.add(words)
        for word in words:
            self._by_word.setdefault(word, []).append(words)

    def has(self, name: str) -> bool:
        words = self._words(name)
        near = (other for word in words for other in self._by_word.get(word, ()))
        return words in self._whole or any(len(words & o) >= NEAR_SHARE * len(words | o) for o in near)

    def _words(self, name: str) -> frozenset[str]:
        found = frozenset(languages.tokens(name.replace("-", " "), self._language))
        return found - COMMON or found


def _text(growth: Growth, kept: Sequence[Any]) -> str:
    """Return the list file."""
    about = f"Written by {growth.model}, level by level; read it before you draw from it."
    header: dict[str, Any] = {"title": growth.subject.capitalize(), "about": about}
    if growth.kind == "topics" and not growth.fields:
        header["shared"] = {"libraries": []}
    if growth.fields:
        header["fields"] = list(growth.fields)
    content = {**header, "entries": list(kept)}
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=1000)
