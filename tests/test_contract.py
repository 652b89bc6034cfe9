"""The contract: every rule is measured, and a broken one rejects, goes back to the teacher, or is only told."""

import pytest

from textbooks.examine import examine_answer
from textbooks.excerpt import checks, languages, markdown
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
    "letters": ([3, 5], GOOD),
    "contains": ("One. Three.", GOOD),
    "omits": (["one", "three"], GOOD),
    "shows": (["dialogue", "moral"], "Nobody says a word.\n\n" + GOOD),
    "vocabulary": ({"within": ["one", "two"], "least": 0.9}, "One dodecahedron.\n\n" + GOOD),
    "docstring_language": ("ko", '```python\ndef f():\n    """Return the number one, whatever happens."""\n```\n'),
    "query_uses": ("LEFT JOIN", "```python\nquery = 'select a from b join c'\n```\n"),
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
        "letters": [3, 9],
        "contains": "One. Two.",
        "omits": ["three"],
        "shows": ["no-dialogue", "moral"],
        "vocabulary": {"within": ["one", "two"], "least": 0.9},
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


def test_a_few_letters_may_be_of_any_language() -> None:
    (finding,) = checks.measure(markdown.read("Total: 1,244 euros"), Contract(rules={"prose_language": "en"}))
    assert (finding.ok, finding.value) == (True, None)


@pytest.mark.parametrize("language", SPOKEN)
def test_the_language_of_the_prose_is_told(language: str) -> None:
    for code, text in SPOKEN.items():
        (finding,) = checks.measure(markdown.read(text), Contract(rules={"prose_language": language}))
        assert (finding.value, finding.ok) == (code, code == language)


def test_the_languages_that_can_be_told_are_those_of_the_detector() -> None:
    import py3langid.langid

    py3langid.classify("")
    identifier = py3langid.langid.IDENTIFIER
    assert identifier is not None
    assert set(identifier.labels) == languages.KNOWN | {"pcm"}  # for which it takes plain English


ENDS = {
    "a sentence": ("It is done.", True),
    "an item of a list": ("- A mirror in the corner\n- Counting the drawer at every change of shift", True),
    "a numbered item": ("1. one\n2. two", True),
    "a sum": ("1. rent\n\nTotal: 1,244 euros", True),
    "a name below a letter": ("Thank you.\n\nWarm regards from next door", True),
    "a word that needs another": ("And so the last sentence is", False),
    "an item that is cut off": ("- one\n- two and the", False),
    "a long line": ("The reader has come a long way by now and still wants to learn more about", False),
    "an open bracket": ("See the table (", False),
    "Korean": ("그래서 값은 여섯이다.", True),
}


@pytest.mark.parametrize("case", ENDS)
def test_an_end_that_is_cut_off_is_told_from_one_without_a_full_stop(case: str) -> None:
    text, expected = ENDS[case]
    (finding,) = checks.measure(markdown.read(text), Contract(rules={"whole_end": True}))
    assert finding.ok == expected


STORIES = {
    "curly quotes": ("“Come,” said Mia. “I am here.”", True),
    "straight quotes": ('"Come," said Mia. "I am here."', True),
    "Korean quotes": ("“이리 와.” 미아가 말했다. “여기 있어.”", True),
    "one spoken line": ('"Come," said Mia.', False),
    "an apostrophe": ("Mia's dog wasn't there, and Ben's cat wasn't.", False),
}


@pytest.mark.parametrize("case", STORIES)
def test_a_dialogue_is_two_spoken_passages(case: str) -> None:
    text, expected = STORIES[case]
    (finding,) = checks.measure(markdown.read(text), Contract(rules={"shows": ["dialogue", "conflict"]}))
    assert finding.value == {"dialogue": expected, "conflict": None}, "what no program can tell is told as such"
    assert finding.ok == expected


def test_the_vocabulary_is_measured_on_forms_and_names_are_left_out() -> None:
    text = "The children ran to Timmy. Suddenly they saw a dodecahedron."
    rule = {"within": ["the", "child", "run", "to", "see", "they", "a", "suddenly"], "least": 0.95}
    (finding,) = checks.measure(markdown.read(text), Contract(rules={"vocabulary": rule}))
    assert finding.value == {"share": 0.889, "foreign": ["dodecahedron"]}
    assert finding.limit == {"within": 8, "least": 0.95}, "not the whole list in every row"


USES = {
    "in any case": ("select x from a left  join b", "LEFT JOIN", True),
    "across lines": ("SELECT x FROM a LEFT\n JOIN b", "LEFT JOIN", True),
    "not in another word": ("SELECT withdrawn FROM a", "WITH", False),
}


@pytest.mark.parametrize("case", USES)
def test_an_sql_construct_is_found_in_the_texts_of_the_code(case: str) -> None:
    query, keyword, expected = USES[case]
    document = markdown.read(f"```python\nquery = {query!r}\n```\n")
    (finding,) = checks.measure(document, Contract(rules={"query_uses": keyword}))
    assert finding.ok == expected


def test_an_answer_without_code_can_be_accepted_only_where_a_rule_says_so(sandbox: Sandbox) -> None:
    text = "A story without any code."
    allowed = examine_answer(text, sandbox, contract=Contract(rules={"snippets": [0, 0]}), claims_policy="reject")
    assert (allowed.rejection, allowed.checked) == (None, ())
    refused = examine_answer(text, sandbox, contract=Contract(rules={}), claims_policy="reject").rejection
    assert refused is not None
    assert (refused.step, refused.reason) == ("read", "no_snippet")
