"""Reading: snippets with positions, formatting, the contract, the claims, and what builds on what."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from textbooks import exercises
from textbooks.examine import examine_answer
from textbooks.excerpt import (
    claims,
    continuation,
    formatting,
    instrument,
    judging,
    markdown,
    mutants,
    restructured,
)
from textbooks.excerpt.checks import Contract
from textbooks.sandbox import Sandbox
from textbooks.teacher.teacher import shipped_recordings

ANY, PRINTS, BITE = (Contract(rules=rules) for rules in ({}, {"prints": True}, {"asserts_bite": 0.5}))
GOOD = "One. Two.\n\n```python\ndef f(x):\n    return x\n\n\nprint(f(1))  # 1\n```\n"
FENCES = {
    "python": "```python\nx = 1\n```\n",
    "py": "```py\nx = 1\n```\n",
    "python3 with attributes": "```python3 title=a\nx = 1\n```\n",
    "braces": "```{python}\nx = 1\n```\n",
    "tildes": "~~~python\nx = 1\n~~~\n",
    "longer fence": "````python\nx = 1\n````\n",
    "unlabelled": "```\nx = 1\n```\n",
    "unclosed": "```python\nx = 1\n",
    "CRLF": "Text.\r\n\r\n```python\r\nx = 1\r\n```\r\n",
    "indented": "Text.\n\n    x = 1\n",
    "in a list": "- item\n\n  ```python\n  x = 1\n  ```\n",
    "in a quote": "> ```python\n> x = 1\n> ```\n",
    "with line marks": "```python{1,3}\nx = 1\n```\n",
    "with a version": "```python3.11\nx = 1\n```\n",
    "with a file name": "```python:main.py\nx = 1\n```\n",
    "unclosed without a last newline": "```python\nx = 1",
    "after a form feed": "a\x0cb\n\n```python\nx = 1\n```\n",
    "after a line separator": "a\u2028b\n\n```python\nx = 1\n```\n",
    "in a nested quote": "> > ```python\n> > x = 1\n> > ```\n",
}


@pytest.mark.parametrize("case", FENCES)
def test_a_snippet_is_found_at_its_line(case: str) -> None:
    text = FENCES[case]
    (snippet,) = markdown.read(text).snippets
    assert snippet.code.strip() == "x = 1"
    assert "x = 1" in text.replace("\r\n", "\n").split("\n")[snippet.line - 1]


NOT_PYTHON = {
    "another label": "```bash\nls\n```\n",
    "output": "```\n[1, 2]\n```\n",
    "shell without a label": "```\npip install x\n```\n",
    "a comment of HTML": "<!--\n```python\nx = 1\n```\n-->\n",
    "prose": "Just words.\n",
    "an output that parses": "```\nTotal: 15\n```\n",
    "a result that parses": "```\n3 + 4 == 7\n```\n",
    "an empty fence": "```python\n\n```\n",
    "another language's label": "```pyth\nx = 1\n```\n",
}


@pytest.mark.parametrize("case", NOT_PYTHON)
def test_what_is_not_python_is_left_alone(case: str) -> None:
    assert markdown.read(NOT_PYTHON[case]).snippets == ()


def test_a_session_runs_its_statements_on_their_lines() -> None:
    (snippet,) = markdown.read("```pycon\n>>> x = [\n...   1]\n>>> print(x)\n[1]\n```\n").snippets
    assert snippet.kind == "session"
    assert snippet.code == "x = [\n  1]\nprint(x)\n\n"


@pytest.mark.parametrize("text", FENCES.values(), ids=FENCES)
def test_putting_a_snippet_back_unchanged_changes_nothing(text: str) -> None:
    snippets = markdown.read(text).snippets
    assert markdown.put_back(text, {s: s.code for s in snippets}) == text


def test_formatted_code_replaces_only_its_own_lines() -> None:
    text = "Before  \n\n- x\n\n  ```python\n  a=1\n  b  =2\n  ```\n\nAfter\t\n"
    (snippet,) = markdown.read(text).snippets
    new = markdown.put_back(text, {snippet: formatting.formatted(snippet.code)})
    assert new == "Before  \n\n- x\n\n  ```python\n  a = 1\n  b = 2\n  ```\n\nAfter\t\n"


def test_unparsable_code_carries_the_parsers_message() -> None:
    with pytest.raises(formatting.Unformattable, match=r"line 1"):
        formatting.formatted("def f(:\n")


NEEDS = {
    "independent": (["x = 1", "y = 2"], ((), ())),
    "continuation": (["x = 1", "print(x)"], ((), (0,))),
    "a loop of its own": (["for i in (1,): x = i", "x = 0\nfor i in (2,):\n    x += i\nprint(x)"], ((), ())),
    "a comprehension of its own": (["i = 1", "print([i for i in (1, 2)])"], ((), ())),
    "a comprehension over another": (["n = [1]", "print([i for i in n])"], ((), (0,))),
    "arguments of its own": (["x = 1", "def f(x):\n    y = x\n    return y\n\n\nprint(f(2))"], ((), ())),
    "a lambda's argument": (["x = 1", "f = lambda x: x\nprint(f(2))"], ((), ())),
    "a function that takes it": (["x = 1", "def f():\n    return x\n\n\nprint(f())"], ((), (0,))),
    "a nested function that takes it": (
        ["x = 1", "def f():\n    def g():\n        return x\n    return g()"],
        ((), (0,)),
    ),
    "a function that calls a later one": (
        ["def g():\n    1 / 0", "def f():\n    g()\n\n\ndef g():\n    pass"],
        ((), ()),
    ),
    "a global of a function": (["c = 0", "def f():\n    global c\n    c += 1"], ((), (0,))),
    "a method that takes it": (["x = 1", "class A:\n    def f(self):\n        return x"], ((), (0,))),
    "a class attribute of its own": (["x = 1", "class A:\n    x = 2\n    y = x"], ((), ())),
    "a default value": (["x = 1", "def f(a=x):\n    return a"], ((), (0,))),
    "a base class": (["class A:\n    pass", "class B(A):\n    pass"], ((), (0,))),
    "a decorator": (["def d(f):\n    return f", "@d\ndef f():\n    pass"], ((), (0,))),
    "bound by with": (["f = 1", "with open('x') as f:\n    f.read()"], ((), ())),
    "bound by except": (["e = 1", "try:\n    pass\nexcept ValueError as e:\n    print(e)"], ((), ())),
    "bound by match": (["x = 1", "match 2:\n    case x:\n        print(x)"], ((), ())),
    "its own on the right": (["x = 1", "x = x + 1"], ((), (0,))),
    "a built-in that was bound": (["len = 5", "print(len('ab'))", "print(sorted('ab', key=len))"], ((), (), ())),
    "a built-in that is a value": (["sum = 5", "print(sum)"], ((), (0,))),
    "a built-in that was defined": (["def sum(x):\n    return 1", "print(sum([2]))"], ((), (0,))),
    "a file": (["open('a.txt', 'w').close()", "print(1)", "print(open('a.txt').read())"], ((), (), (0,))),
    "a walrus": (["x = 1", "if (x := 2):\n    print(x)"], ((), ())),
    "a thousand terms": (["x = 1", "print(" + " + ".join(["x"] * 600) + ")"], ((), (0,))),
    "chain": (["x = 1", "y = x", "print(y)"], ((), (0,), (0, 1))),
    "rebound": (["x = 1", "x = 2\nprint(x)"], ((), ())),
    "inside a function": (["def f(): return 1", "def g(): return f()", "g()"], ((), (0,), (0, 1))),
    "builtin": (["len([])", "len([1])"], ((), ())),
    "a builtin's name taken": (["id = 5", "print(id)"], ((), (0,))),
    "increased": (["x = 1", "x += 1\nprint(x)"], ((), (0,))),
    "built from itself": (["x = 1", "x = x + 1"], ((), (0,))),
    "changed in between": (["items = []", "items.append(1)", "print(items)"], ((), (0,), (0, 1))),
    "taken by a nested function": (["k = 2", "def f():\n    def g():\n        return k\n    return g()"], ((), (0,))),
    "import": (["import math", "z = 1", "math.pi"], ((), (), (0,))),
}


@pytest.mark.parametrize("case", NEEDS)
def test_a_snippet_needs_those_whose_names_it_takes(case: str) -> None:
    codes, expected = NEEDS[case]
    assert continuation.needs(codes) == expected


CLAIMS = {
    "true": ("print(2 * 3)  # 6", [True]),
    "false": ("print(2 * 3)  # 7", [False]),
    "text without quotes": ("print('a b')  # a b", [True]),
    "text in quotes": ("print('a b')  # 'a b'", [True]),
    "arrow": ("print(1.5)  # -> 1.5", [True]),
    "value": ("x = 4\nx + 1  # => 5", [True]),
    "wrong value": ("x = 4\nx + 1  # => 6", [False]),
    "in try": ("try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    print(e)  # division by zero", [True]),
    "several lines of code": ("print(\n    1,\n    2,\n)  # 1 2", [True]),
    "float": ("print(0.1 + 0.2)  # 0.30000000000000004", [True]),
    "set order": ("print({3, 1, 2})  # {1, 2, 3}", [True]),
    "bool is not a number": ("print(1)  # True", [False]),
    "address": ("print(object())  # <object object at 0x7f>", [None]),
    "not reached": ("if False:\n    print(1)  # 2", [None]),
    "in a loop": ("for i in range(2):\n    print(i)  # 0", []),
    "in a function": ("def f():\n    print(1)  # 1\n\n\nf()", []),
    "a comment of its own": ("# 5\nprint(6)", []),
    "a hash in a text": ("print('# 5')", []),
    "two on the way": ("print(1)  # 1\nprint(2)  # 3", [True, False]),
    "umlauts before": ("ä = 'ö'; print(ä)  # ö", [True]),
    "a label before the value": ("print('Result:', 5)  # Result: 5", [True]),
    "a label that is only in the claim": ("print(5)  # Result: 5", [True]),
    "another label": ("print('Prints', 3)  # Prints 3", [True]),
    "hexadecimal": ("print('0xff')  # 255", [False]),
    "underscores": ("print('1_000')  # 1000", [False]),
    "floats in a list": ("print([1.0, 2.0])  # [1, 2]", [False]),
    "booleans in a list": ("print([True, False])  # [1, 0]", [False]),
    "another order in a dict": ("print({'a': 1, 'b': 2})  # {'b': 2, 'a': 1}", [False]),
    "other spaces": ("print('a   b')  # a b", [False]),
    "two lines for one": ("print('a\\nb')  # a b", [False]),
    "an elision": ("print([1] * 99)  # ...", []),
    "another file": ("import sys\nprint('oops', file=sys.stderr)  # oops", []),
    "a tuple without brackets": ("x, y = 1, 2\nx, y  # => (1, 2)", [True]),
    "captured output": (
        "import io\nfrom contextlib import redirect_stdout\nb = io.StringIO()\nwith redirect_stdout(b):\n"
        "    print('hi')  # hi\nassert b.getvalue() == 'hi\\n'",
        [None],
    ),
    "unfinished line": ("print(1, end=' ')  # 1\nprint(2)  # 2", [True, True]),
}


@pytest.mark.parametrize("case", CLAIMS)
def test_claims_are_compared_with_what_is_really_printed(case: str, sandbox: Sandbox) -> None:
    code, expected = CLAIMS[case]
    sites = claims.find(code)
    plain, marked = sandbox.run(code), sandbox.run(instrument.program(code, sites))
    stdout, compared = judging.comments(code, sites, marked.stdout, strict=True)
    assert [claim.agrees for claim in compared] == expected
    assert marked.status == plain.status
    assert stdout == plain.stdout or case == "address"


def test_a_remark_is_not_judged_unless_comments_must_be_claims(sandbox: Sandbox) -> None:
    code = "print(6)  # the area of the room"
    sites = claims.find(code)
    stdout = sandbox.run(instrument.program(code, sites)).stdout
    assert judging.comments(code, sites, stdout, strict=False)[1][0].agrees is None
    assert judging.comments(code, sites, stdout, strict=True)[1][0].agrees is False


REJECTED = {
    "no code": ("Only prose.\n", "read", "no_snippet"),
    "a wrong session": ("A.\n\n```pycon\n>>> print(1 + 1)\n3\n```\n", "claims", "wrong_output"),
    "a session that hides its result": ("A.\n\n```pycon\n>>> print(1 + 1)\n```\n", "claims", "wrong_output"),
    "a wrong output block": (GOOD.replace("  # 1", "") + "\n```text\n2\n```\n", "claims", "wrong_output"),
    "broken code": ("A.\n\n```python\ndef f(:\n```\n", "format", "syntax_error"),
    "contract": (GOOD.replace("print(f(1))  # 1", "f(1)"), "contract", "prints"),
    "failing code": (GOOD.replace("f(1)", "g(1)"), "run", "raised"),
    "endless code": (GOOD.replace("return x", "while True: pass"), "run", "cpu_timeout"),
    "wrong claim": (GOOD.replace("# 1", "# 2"), "claims", "wrong_output"),
    "wrong claim in the second": (GOOD + GOOD.replace("# 1", "# 2"), "claims", "wrong_output"),
    "first fails second depends": (GOOD + "```python\nprint(f(2))  # 3\n```\n", "claims", "wrong_output"),
}


@pytest.mark.parametrize("case", REJECTED)
def test_an_answer_is_rejected_at_the_step_that_fails(case: str, sandbox: Sandbox) -> None:
    text, step, reason = REJECTED[case]
    examined = examine_answer(text, sandbox, contract=PRINTS, claims_policy="reject")
    assert examined.rejection is not None
    assert (examined.rejection.step, examined.rejection.reason) == (step, reason)
    assert examined.rejection.evidence


def test_who_calls_an_earlier_function_that_fails_is_told_the_line_of_the_call(sandbox: Sandbox) -> None:
    text = "```python\ndef half(x):\n    return x / 2\n```\n\n```python\ny = 1\nhalf('a')\n```\n"
    second = examine_answer(text, sandbox, contract=ANY, claims_policy="reject").checked[1].verdict
    assert (second.status, second.error_line, second.reason) == ("raised", 2, None)


def test_a_continuation_reports_its_own_lines_and_output(sandbox: Sandbox) -> None:
    text = "```python\nx = 5\nprint('first')\n```\n\n```python\nprint(x)  # 5\n1 / 0\n```\n"
    examined = examine_answer(text, sandbox, contract=ANY, claims_policy="reject")
    second = examined.checked[1]
    assert second.snippet.kind == "continuation"
    assert second.verdict.error_line == 2
    assert second.verdict.stdout == "5\n"
    assert [claim.agrees for claim in second.claims] == [True]


def test_the_accepted_text_holds_the_formatted_code(sandbox: Sandbox) -> None:
    examined = examine_answer(
        "A.\n\n```python\nx=1\nprint( x )  # 1\n```\n", sandbox, contract=ANY, claims_policy="reject"
    )
    assert examined.text == "A.\n\n```python\nx = 1\nprint(x)  # 1\n```\n"


def test_wrong_claims_are_corrected_where_the_policy_is_so(sandbox: Sandbox) -> None:
    text = GOOD.replace("# 1", "# 2")
    examined = examine_answer(text, sandbox, contract=Contract(rules={"prints": True}), claims_policy="correct")
    assert examined.rejection is None
    assert (examined.text, examined.claims_corrected) == (GOOD, 1)


def test_what_cannot_be_corrected_is_rejected_all_the_same(sandbox: Sandbox) -> None:
    text = GOOD + "\n```python\nint('3')  # raises ValueError\n```\n"
    examined = examine_answer(text, sandbox, contract=Contract(rules={}), claims_policy="correct")
    assert examined.rejection is not None
    assert (examined.rejection.step, examined.claims_corrected) == ("claims", 0)


def test_wrong_outputs_that_are_planted_in_recorded_answers_are_all_caught(sandbox: Sandbox) -> None:
    """One digit of one claim is changed in ten answers that hold."""
    (path,) = shipped_recordings("phi1-textbook")
    planted = 0
    for line in path.read_text(encoding="utf-8").splitlines():
        text = json.loads(line)["response"]["body"]["choices"][0]["message"]["content"]
        if "numpy" in text or "pandas" in text:
            continue
        match = re.search(r"(?<=print\()[^#\n]*  # [^\n]*?(\d)\n", text)
        if match is None:
            continue
        assert examine_answer(text, sandbox, contract=PRINTS, claims_policy="reject").rejection is None
        wrong = text[: match.start(1)] + str((int(match.group(1)) + 1) % 10) + text[match.end(1) :]
        found = examine_answer(wrong, sandbox, contract=PRINTS, claims_policy="reject").rejection
        assert found is not None
        assert (found.step, found.reason) == ("claims", "wrong_output")
        planted += 1
        if planted == 10:
            break
    assert planted == 10


EXERCISE = """```python
def largest(values):
    \"\"\"Return the largest value, or 0 where there is none.\"\"\"
    if not values:
        return 0
    best = values[0]
    for value in values[1:]:
        if value > best:
            best = value
    return best


{asserts}
```
"""
BITE = """assert largest([1, 3, 2]) == 3
assert largest([]) == 0
assert largest([5, 4]) == 5
assert largest([-2, -1]) == -1"""


@pytest.mark.parametrize(
    ("asserts", "reason"),
    [
        (BITE, None),
        ("assert callable(largest)", "asserts_hold_for_a_stub"),
        ("assert largest([7]) == 7", "asserts_hold_for_mutants"),
    ],
)
def test_asserts_must_fail_on_a_stub_and_on_most_mutants(asserts: str, reason: str | None, sandbox: Sandbox) -> None:
    text = EXERCISE.format(asserts=asserts)
    rejection = examine_answer(
        text, sandbox, contract=Contract(rules={"asserts_bite": 0.5}), claims_policy="reject"
    ).rejection
    assert (rejection and (rejection.step, rejection.reason)) == (("exercise", reason) if reason else None)


def test_mutants_are_different_programs_that_parse() -> None:
    code = EXERCISE.format(asserts=BITE).removeprefix("```python\n").removesuffix("```\n")
    made = mutants.mutants(code)
    assert len(made) == len(set(made)) >= 5
    assert all(BITE.split("\n", maxsplit=1)[0] in one for one in made), "the asserts stay as they are"
    for one in made:
        compile(one, "<mutant>", "exec")


ENDLESS = {
    "one that works": "while True:\n    pass\n",
    "one that waits": "import threading\nlock = threading.Lock()\nlock.acquire()\nlock.acquire()\n",
    "one with a future import": "from __future__ import annotations\nwhile True:\n    pass\n",
}


@pytest.mark.parametrize("case", ENDLESS)
def test_a_wrong_version_that_never_ends_has_failed_before_the_box_ends_it(
    case: str, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exercises, "WALL_SECONDS", 0.5)
    verdict = sandbox.run(exercises.ending(ENDLESS[case], 0.25))
    assert verdict.status == "exited_early", verdict
    assert sandbox.run(exercises.ending("x = 1", 0.25)).status == "ok"


@given(st.text(alphabet="`~>#-. \t\n\r*=abpython:1(){}'\"$", max_size=200))
def test_no_document_breaks_the_reader_and_replacing_each_snippet_by_itself_changes_no_byte(text: str) -> None:
    excerpt = markdown.read(text)
    scripts = {snippet: snippet.code for snippet in excerpt.snippets if snippet.kind == "script"}
    assert markdown.put_back(text, scripts) == text
    restructured.read(text)
