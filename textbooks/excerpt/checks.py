"""The contract: the rules that a prompt stated, measured on the answer.

Each rule is a small function from (excerpt, its parsed snippets, the rule's value) to a measurement; the recipe gives
the values, and its template prints the very same ones, so prompt and check cannot drift. A new rule is a function in
prose_checks.py or code_checks.py and a line in RULES. Knows nothing of whether the code runs.
"""

import ast
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from textbooks.errors import TextbooksError, suggestion
from textbooks.excerpt import code_checks, languages, prose_checks
from textbooks.excerpt.code_checks import Trees
from textbooks.records import Excerpt, Finding

Action = Literal["reject", "repair", "warn"]
Check = Callable[[Excerpt, Trees, Any], tuple[bool, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """What an answer has to keep."""

    rules: Mapping[str, Any]
    """Rule → its value, in the order in which violations are told."""
    on_violation: Mapping[str, Action] = field(default_factory=dict)
    """Rule → what becomes of an answer that breaks it; `repair` where nothing is said."""
    language: str = "en"
    """The language of the prose, for rules that depend on it."""

    @property
    def may_lack_code(self) -> bool:
        """Whether an answer without any snippet can be accepted: a rule says that none is enough."""
        return bool(self.rules.get("snippets", (1,))[0] == 0)

    def action(self, rule: str) -> Action:
        """Return what becomes of an answer that breaks a rule."""
        return self.on_violation.get(rule, "repair")


def measure(excerpt: Excerpt, contract: Contract) -> tuple[Finding, ...]:
    """Measure every rule, in the recipe's order. The snippets must parse."""
    trees = tuple(ast.parse(snippet.code) for snippet in excerpt.snippets)
    findings = []
    for rule, limit in contract.rules.items():
        check, _ = RULES[rule]
        taken = [contract.language, limit] if rule in NEED_LANGUAGE else limit
        ok, value = check(excerpt, trees, taken)
        told = {**limit, "within": len(limit["within"])} if isinstance(limit, dict) else limit
        findings.append(Finding(rule=rule, ok=ok, value=value, limit=told))
    return tuple(findings)


def violation(findings: Iterable[Finding], contract: Contract) -> Finding | None:
    """Return the broken rule for which an answer is rejected: one beyond repair where there is one, else the first."""
    broken = [one for one in findings if not one.ok and contract.action(one.rule) != "warn"]
    return next((one for one in broken if contract.action(one.rule) == "reject"), next(iter(broken), None))


def refuse_unknown(rules: Iterable[str], place: Callable[[str], str]) -> None:
    """Raise a TextbooksError for a rule that no check here measures; `place` tells where a rule stands."""
    for rule in rules:
        if rule not in RULES:
            raise TextbooksError(f"{place(rule)}: unknown rule {rule!r}.{suggestion(rule, RULES)}")


def refuse_unusable(rules: Mapping[str, Any], place: Callable[[str], str]) -> None:
    """Raise a TextbooksError for a rule whose value is not of the kind that its check takes."""
    for rule, value in rules.items():
        kind = RULES[rule][1]
        if not KINDS[kind](value):
            raise TextbooksError(f"{place(rule)}: rule {rule!r} is {value!r}; it takes {kind}")


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_range(value: object) -> bool:
    is_pair = isinstance(value, list | tuple) and len(value) == 2 and all(_is_count(one) for one in value)
    return is_pair and value[0] <= value[1]  # type: ignore[index]  # a pair, as just seen


def _is_names(value: object) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(one, str) for one in value)


def _is_node(value: object) -> bool:
    kind = getattr(ast, value, None) if isinstance(value, str) else None
    return isinstance(kind, type) and issubclass(kind, ast.AST)


COUNT = "a whole number from 0"
RANGE = "two whole numbers, least and most"
FLAG = "true or false"
NAMES = "a list of package names"
VERSION = 'a version in quotes, such as "3.11"'
NAME = "a function name"
NODE = "the name of a node of Python's ast module, such as ListComp"
SHARE = "a share between 0 and 1"
SCRIPT = "the name of a script, such as latin, hangul, kana, han or cyrillic"
LANGUAGE = "the code of a language, such as en, ko or ja"
TEXT = "a text"
TEXTS = "a list of texts"
WORDS = "a text or a list of texts"
VOCABULARY = "within (lists of words) and least (a share between 0 and 1)"

KINDS: dict[str, Callable[[object], bool]] = {
    COUNT: _is_count,
    RANGE: _is_range,
    FLAG: lambda value: isinstance(value, bool),
    NAMES: _is_names,
    VERSION: lambda value: isinstance(value, str) and re.fullmatch(r"3\.\d{1,2}", value) is not None,
    NAME: lambda value: isinstance(value, str) and value.isidentifier(),
    NODE: _is_node,
    SHARE: lambda value: isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1,
    SCRIPT: lambda value: value in prose_checks.SCRIPTS,
    LANGUAGE: lambda value: isinstance(value, str) and languages.is_known(value),
    TEXT: lambda value: isinstance(value, str) and bool(value.strip()),
    TEXTS: _is_names,
    WORDS: lambda value: isinstance(value, str) or _is_names(value),
    VOCABULARY: lambda value: (
        isinstance(value, dict)
        and value.keys() == {"within", "least"}
        and _is_names(value["within"])
        and KINDS[SHARE](value["least"])
    ),
}

RULES: dict[str, tuple[Check, str]] = {
    "paragraphs": (prose_checks.paragraphs, COUNT),
    "words": (prose_checks.words, RANGE),
    "plain_prose": (prose_checks.plain_prose, FLAG),
    "chat_free": (prose_checks.chat_free, FLAG),
    "banned_openings": (prose_checks.banned_openings, TEXTS),
    "whole_end": (prose_checks.whole_end, FLAG),
    "script": (prose_checks.script, SCRIPT),
    "prose_language": (prose_checks.prose_language, LANGUAGE),
    "mentions": (prose_checks.mentions, WORDS),
    "letters": (prose_checks.letters, RANGE),
    "contains": (prose_checks.contains, WORDS),
    "omits": (prose_checks.omits, WORDS),
    "shows": (prose_checks.shows, TEXTS),
    "vocabulary": (prose_checks.vocabulary, VOCABULARY),
    "code_last": (prose_checks.code_last, FLAG),
    "snippets": (code_checks.snippets, RANGE),
    "snippet_lines": (code_checks.snippet_lines, COUNT),
    "line_length": (code_checks.line_length, COUNT),
    "defines_and_calls": (code_checks.defines_and_calls, FLAG),
    "prints": (code_checks.prints, FLAG),
    "libraries": (code_checks.libraries, NAMES),
    "python": (code_checks.python, VERSION),
    "function_name": (code_checks.function_name, NAME),
    "docstring": (code_checks.docstring, FLAG),
    "docstring_language": (code_checks.docstring_language, LANGUAGE),
    "query_uses": (code_checks.query_uses, TEXT),
    "construct": (code_checks.construct, NODE),
    "asserts": (code_checks.asserts, COUNT),
    "asserts_bite": (code_checks.asserts_bite, SHARE),
}
"""Rule → its check, and the kind of value that it takes, in the words of the message that refuses another."""
NEED_LANGUAGE = frozenset({"mentions", "omits", "vocabulary"})
"""Rules whose check takes [the recipe's language, the value]."""
