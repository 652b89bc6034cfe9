"""The contract: every rule is measured, and a broken one rejects, goes back to the teacher, or is only told."""

import pytest

from textbooks.examine import examine_answer
from textbooks.excerpt import checks, markdown
from textbooks.excerpt.checks import Contract
from textbooks.sandbox import Sandbox

GOOD = "One. Two.\n\n```python\ndef f(x):\n    return x\n\n\nprint(f(1))  # 1\n```\n"
CONTRACT = {
    "paragraphs": (1, "First.\n\nSecond.\n\n" + GOOD),
    "words": ([2, 5], "One two three four five six.\n\n```python\nx = 1\n```\n"),
    "plain_prose": (True, "# Title\n\n" + GOOD),
    "snippets": ([1, 1], GOOD + GOOD),
    "snippet_lines": (3, "```python\na = 1\nb = 1\n\nc = 1\nd = 1\n```\n"),
    "line_length": (10, "```python\nabc = 'defghij'\n```\n"),
    "code_last": (True, GOOD + "\nThat was it.\n"),
    "defines_and_calls": (True, "```python\ndef f():\n    return f\n```\n"),
    "prints": (True, "```python\nx = 1\n```\n"),
    "libraries": (["numpy"], "```python\nimport json, numpy.linalg\nfrom pandas import DataFrame\n```\n"),
    "python": ("3.7", "```python\nif (y := 2):\n    pass\n```\n"),
    "function_name": ("pack", "```python\ndef unpack():\n    pass\n```\n"),
    "docstring": (True, "```python\ndef f():\n    return 1\n```\n"),
    "construct": ("ListComp", "```python\ndef f():\n    return 1\n\n\n[x for x in 'a']\n```\n"),
    "asserts": (2, "```python\nassert True\n```\n"),
    "chat_free": (True, "Sure, here is one.\n\n" + GOOD),
    "banned_openings": (["one day", "once upon"], "Once upon a time.\n\n" + GOOD),
    "whole_end": (True, GOOD + "\nAnd so the last sentence is\n"),
    "script": ("hangul", GOOD),
    "prose_language": ("en", "Eine Liste ist eine veränderliche Folge von Werten.\n\n" + GOOD),
    "mentions": (["one", "three"], GOOD),
}


def test_every_rule_has_a_case_here() -> None:
    assert set(CONTRACT) == set(checks.RULES) - {"asserts_bite"}, "which is measured where the box is"


@pytest.mark.parametrize("rule", sorted(CONTRACT))
def test_a_broken_rule_is_measured(rule: str) -> None:
    limit, text = CONTRACT[rule]
    (finding,) = checks.measure(markdown.read(text), Contract(rules={rule: limit}))
    assert not finding.ok
    assert finding.value is not None


def test_a_good_excerpt_keeps_every_rule(sandbox: Sandbox) -> None:
    rules = {
        "paragraphs": 1,
        "words": [1, 10],
        "plain_prose": True,
        "snippets": [1, 1],
        "snippet_lines": 4,
        "line_length": 88,
        "code_last": True,
        "defines_and_calls": True,
        "prints": True,
        "libraries": [],
        "python": "3.11",
        "function_name": "f",
        "chat_free": True,
        "banned_openings": ["once upon"],
        "whole_end": True,
        "script": "latin",
        "mentions": ["one", "two"],
    }
    examined = examine_answer(GOOD, sandbox, contract=Contract(rules=rules), claims_policy="reject")
    assert examined.rejection is None
    assert [item.verdict.status for item in examined.checked] == ["ok"]


def test_a_violation_that_warns_is_measured_and_rejects_nothing(sandbox: Sandbox) -> None:
    rules = {"words": [50, 60], "prints": True}
    examined = examine_answer(
        GOOD, sandbox, contract=Contract(rules=rules, on_violation={"words": "warn"}), claims_policy="reject"
    )
    assert examined.rejection is None
    assert [(finding.rule, finding.ok) for finding in examined.findings] == [("words", False), ("prints", True)]


def test_a_rule_beyond_repair_is_told_before_one_that_can_be_repaired(sandbox: Sandbox) -> None:
    rules = {"words": [50, 60], "snippets": [2, 2], "paragraphs": 0}
    contract = Contract(rules=rules, on_violation={"words": "warn", "paragraphs": "reject"})
    examined = examine_answer(GOOD, sandbox, contract=contract, claims_policy="reject")
    assert examined.rejection is not None
    assert examined.rejection.reason == "paragraphs"


MENTIONED = {
    "a comparative": ("en", "happy", "She was happier than before."),
    "an irregular plural": ("en", "child", "The children ran."),
    "an irregular past": ("en", "run", "The children ran."),
    "a form of a form": ("en", "sings", "Birds were singing."),
    "a past tense": ("en", "jump", "The dog jumped."),
    "a phrase": ("en", "bus stop", "They waited at Bus Stops."),
    "a possessive": ("en", "dog", "It was the dog’s bone."),
    "a particle": ("ko", "고양이", "고양이가 잠을 잔다."),
    "in the code": ("en", "deque", "Use one.\n\n```python\nfrom collections import deque\n```\n"),
    "German": ("de", "Hund", "Die Hunde bellen."),
}
NOT_MENTIONED = {
    "another word": ("en", "cat", "A category of its own."),
    "the words apart": ("en", "bus stop", "The bus will stop."),
    "nothing": ("ko", "고양이", "강아지가 잔다."),
}


@pytest.mark.parametrize("case", [*MENTIONED, *NOT_MENTIONED])
def test_a_word_is_found_in_all_its_forms_and_in_no_other_word(case: str) -> None:
    language, word, text = (MENTIONED | NOT_MENTIONED)[case]
    contract = Contract(rules={"mentions": word}, language=language)
    (finding,) = checks.measure(markdown.read(text), contract)
    assert finding.ok == (case in MENTIONED)
    assert finding.value == ([] if finding.ok else [word])


SPOKEN = {
    "en": "A tuple keeps its values in order, and nothing can be added to it once it is made.",
    "ko": "튜플은 순서가 있는 값의 모음이며 만든 뒤에는 바꿀 수 없다. `len` 함수는 개수를 돌려준다.",
    "ja": "タプルは順序のある値の並びで、作ったあとは変更できません。`append` はありません。",
    "de": "Ein Tupel hält seine Werte in fester Folge, und nichts kommt mehr hinzu.",
    "es": "Una tupla guarda sus valores en orden y no se puede cambiar después.",
}


@pytest.mark.parametrize("language", SPOKEN)
def test_the_language_of_the_prose_is_told(language: str) -> None:
    for code, text in SPOKEN.items():
        (finding,) = checks.measure(markdown.read(text), Contract(rules={"prose_language": language}))
        assert (finding.value, finding.ok) == (code, code == language)
