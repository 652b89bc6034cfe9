"""An answer → its named parts, and parts → the document that is examined, and back.

A part stands in a tag, below a heading, in a fenced block with a label, or under a key of a JSON object. Knows nothing
of recipes or of what is in a part.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

By = Literal["tag", "heading", "fence", "json"]
Value = str | list[str]
SEPARATOR = "<!-- textbooks: next part -->"
"""Stands between parts of a document, so that they can be told apart again; no reader sees it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Where a part of an answer stands."""

    name: str
    by: By
    key: str
    """The tag, the words of the heading, the label of the fence, or the key."""
    many: tuple[int, int] | None = None
    """How many there may be, least and most, where the part is a list."""
    is_optional: bool = False
    """Whether it may be missing or empty; it is an empty text then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How the answers of a recipe's steps are made up."""

    steps: Mapping[str, tuple[Part, ...]]
    """Step → its parts, in the order of the steps; none for a step whose answer is one text."""
    document: tuple[str, ...] = ()
    """The texts that are examined, `step` or `step.part`, in order; none where it is the last step's whole answer."""

    @property
    def last(self) -> str:
        """The name of the last step."""
        return list(self.steps)[-1]


class Missing(ValueError):
    """A part is not there, or not in the number that was asked for; `name` says which."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"part {name!r}: {why}")
        self.name = name


def view(shape: Shape, step: str, text: str) -> str | dict[str, Value]:
    """Return what templates see of a step's answer: the text, or its parts and, as `text`, the whole.

    Raises:
        Missing: a part is not there.

    """
    parts = shape.steps[step]
    return {"text": text, **split(text, parts)} if parts else text


def split(text: str, parts: Sequence[Part]) -> dict[str, Value]:
    """Return the parts of an answer, by name.

    Raises:
        Missing: a part is not there.

    """
    headings = [part.key for part in parts if part.by == "heading"]
    found: dict[str, Value] = {}
    for part in parts:
        texts = [one.strip() for one in _texts(text, part, headings)]
        texts = [one for one in texts if one]
        if part.many is None:
            if not texts and not part.is_optional:
                raise Missing(part.name, f"nothing stands {WORDS[part.by].format(part.key)}")
            found[part.name] = texts[0] if texts else ""
        else:
            least, most = part.many
            if not least <= len(texts) <= most:
                raise Missing(part.name, f"{len(texts)} stand {WORDS[part.by].format(part.key)}, not {least} to {most}")
            found[part.name] = texts
    return found


WORDS = {
    "tag": "in <{0}>…</{0}>",
    "heading": "below the heading {!r}",
    "fence": "in a block labelled {!r}",
    "json": "under the key {!r} of a JSON object",
}


def document(shape: Shape, views: Mapping[str, str | Mapping[str, Value]]) -> str:
    """Return the text that is examined; of several parts, with a separator between them."""
    if not shape.document:
        last = views[shape.last]
        return last if isinstance(last, str) else str(last["text"])
    return f"\n\n{SEPARATOR}\n\n".join(_referred(reference, views) for reference in shape.document)


def put_back(
    shape: Shape, views: Mapping[str, str | Mapping[str, Value]], text: str
) -> tuple[dict[str, Any], str] | None:
    """Return the views with the examined parts as they came out, and the document without separators.

    None where the parts can no longer be told apart: a block that does not end in its part took the separator in.
    """
    changed: dict[str, Any] = {name: dict(one) if isinstance(one, Mapping) else one for name, one in views.items()}
    pieces = [piece.strip("\n") for piece in text.split(SEPARATOR)]
    references = shape.document or (shape.last,)
    if len(pieces) != len(references):
        return None
    for reference, piece in zip(references, pieces, strict=True):
        step, _, part = reference.partition(".")
        if part:
            changed[step][part] = piece
        elif isinstance(changed[step], dict):
            changed[step]["text"] = piece
        else:
            changed[step] = piece
    return changed, "\n\n".join(pieces) + "\n" if shape.document else text


def _referred(reference: str, views: Mapping[str, str | Mapping[str, Value]]) -> str:
    step, _, part = reference.partition(".")
    one = views[step]
    value = one if isinstance(one, str) else one[part or "text"]
    return value if isinstance(value, str) else "\n\n".join(value)


def _texts(text: str, part: Part, headings: Sequence[str]) -> list[str]:
    """Return every text that stands where a part should."""
    if part.by == "tag":
        return re.findall(rf"<{re.escape(part.key)}>(.*?)</{re.escape(part.key)}>", text, re.DOTALL | re.IGNORECASE)
    if part.by == "fence":
        label = re.escape(part.key)
        return re.findall(rf"^(?:```|~~~)[ ]*{label}\b[^\n]*\n(.*?)^(?:```|~~~)[ ]*$", text, re.DOTALL | re.MULTILINE)
    if part.by == "json":
        return _json_texts(text, part.key)
    section = _section(text, part.key, headings)
    if part.many is None or section is None:
        return [] if section is None else [section]
    return [re.sub(r"^\s*(?:[-*•]|\d+[.)])\s+", "", line) for line in section.split("\n")]


def _section(text: str, heading: str, headings: Sequence[str]) -> str | None:
    """Return what stands below a heading, up to the next one that is asked for; on its line counts."""
    starts = [(match.start(), match.end(), name) for name in headings for match in _heading(name).finditer(text)]
    starts.sort()
    for number, (_, end, name) in enumerate(starts):
        if name == heading:
            return text[end : starts[number + 1][0] if number + 1 < len(starts) else len(text)]
    return None


def _heading(name: str) -> re.Pattern[str]:
    words = re.escape(name)
    plain = rf"^[ ]{{0,3}}(?:\*\*|__)?{words}(?:\*\*|__)?[ ]*[:：](?:\*\*|__)?"
    return re.compile(rf"{plain}|^[ ]{{0,3}}#+[ ]*{words}[ ]*[:：]?[ ]*#*[ ]*$", re.MULTILINE | re.IGNORECASE)


def _json_texts(text: str, key: str) -> list[str]:
    """Return the values under a key of the first JSON object in an answer, as texts."""
    start = text.find("{")
    if start < 0:
        return []
    try:
        value, _ = json.JSONDecoder().raw_decode(text[start:])
    except (ValueError, RecursionError):
        return []
    one = value.get(key) if isinstance(value, dict) else None
    values = one if isinstance(one, list) else [] if one is None else [one]
    return [item if isinstance(item, str) else json.dumps(item, ensure_ascii=False) for item in values]
