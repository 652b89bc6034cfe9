"""Three lenses for what a text has in common with a benchmark: none misses the benchmark itself."""

import json
import textwrap
import time
from pathlib import Path

import pytest

from tests.curating.planted_rewrites import clean_functions, rewrites
from textbooks.contamination import Lenses, lenses, matches
from textbooks.curating import known
from textbooks.curating.structures import functions, parsed
from textbooks.curating.texts import of_the_template, statement, words
from textbooks.errors import TextbooksError
from textbooks.problems import Problem, read_all, read_problems
from textbooks.records import Match
from textbooks.sandbox import Sandbox

PROBLEMS = read_problems()


@pytest.fixture(scope="module")
def humaneval() -> Lenses:
    return lenses(())


def tasks(found: tuple[Match, ...], lens: str) -> set[str]:
    return {match.task_id for match in found if match.lens == lens}


def solved(code: str, humaneval: Lenses, sandbox: Sandbox) -> set[str]:
    return tasks(matches("", textwrap.dedent(code), humaneval, sandbox), "behaviour")


def test_every_reference_solution_is_found_by_every_lens(humaneval: Lenses, sandbox: Sandbox) -> None:
    missed = []
    for task_id, problem in PROBLEMS.items():
        code = problem.solution or ""
        found = matches(code, code, humaneval, sandbox)
        missed += [(lens, task_id) for lens in ("text", "structure", "behaviour") if task_id not in tasks(found, lens)]
        assert max(match.score for match in found if match.lens == "structure" and match.task_id == task_id) == 1
    assert missed == []


def test_every_prompt_is_found_whatever_its_layout(humaneval: Lenses) -> None:
    for task_id, problem in PROBLEMS.items():
        reflowed = textwrap.fill(
            " ".join(problem.prompt.split()), width=43, initial_indent="> ", subsequent_indent="> "
        )
        assert task_id in tasks(matches(f"Some words before. {reflowed.upper()}", "", humaneval, None), "text"), task_id


def test_a_passage_of_a_prompt_is_found_and_told(humaneval: Lenses) -> None:
    prompt = PROBLEMS["HumanEval/1"].prompt.split('"""')[1]
    passage = " ".join(prompt.split()[:24])
    found = matches(f"An exercise. {passage} And so on.", "", humaneval, None)
    assert [(match.lens, match.task_id) for match in found] == [("text", "HumanEval/1")]
    assert found[0].evidence.startswith("input to this function is a string")
    assert 0 < found[0].score < 1


def test_rewrites_by_hand_are_found_by_what_they_do(humaneval: Lenses, sandbox: Sandbox) -> None:
    planted = [one for number, one in enumerate(rewrites()) if number % 3 == number // 3 % 3]
    assert len(planted) >= 60
    found = {one: matches(one.code, one.code, humaneval, sandbox) for one in planted}
    missed = [one for one in planted if one.task_id not in {match.task_id for match in found[one]}]
    assert len(missed) <= 0.05 * len(planted), [(one.task_id, one.kind) for one in missed]
    others = {
        (one.task_id, match.task_id)
        for one in planted
        for match in found[one]
        if match.task_id != one.task_id and not match.trivial
    }
    assert others == set()


def test_functions_of_the_standard_library_are_clean(humaneval: Lenses, sandbox: Sandbox) -> None:
    found = [
        (name, match)
        for name, code in clean_functions(80, where=("stdlib",))
        for match in matches(code, code, humaneval, sandbox)
        if not match.trivial
    ]
    assert len(found) <= 1, found


SWAPPED = """
def count_digit_sevens_free(numbers, limit):
    return numbers, limit

def are_near(limit, values):
    values = sorted(values)
    return any(b - a < limit for a, b in zip(values, values[1:]))
"""
METHOD = """
class Checker:
    def __init__(self, strict=False):
        self.strict = strict

    def near(self, values, limit, /, *, loud=False):
        values = sorted(values)
        return any(b - a < limit for a, b in zip(values, values[1:]))

    @staticmethod
    def nothing(values):
        return None
"""
GENERATOR = """
def rises(values):
    top = None
    for value in values:
        top = value if top is None else max(top, value)
        yield top
"""


def test_the_order_of_arguments_hides_nothing_and_is_told(humaneval: Lenses, sandbox: Sandbox) -> None:
    found = matches("", SWAPPED, humaneval, sandbox)
    assert [(match.task_id, match.evidence) for match in found if match.lens == "behaviour"] == [
        ("HumanEval/0", "are_near passes the problem's tests, given its arguments in the order 1, 0")
    ]


def test_methods_more_parameters_and_generators_hide_nothing(humaneval: Lenses, sandbox: Sandbox) -> None:
    assert solved(METHOD, humaneval, sandbox) == {"HumanEval/0"}
    assert solved(GENERATOR, humaneval, sandbox) == {"HumanEval/9"}


def test_what_ends_the_program_or_does_not_end_hides_nothing_behind_it(humaneval: Lenses, sandbox: Sandbox) -> None:
    ending = "import os\n\ndef leave(x):\n    os._exit(0)\n\ndef wait(x):\n    while True:\n        pass\n"
    started = time.monotonic()
    assert solved(ending + METHOD, humaneval, sandbox) == {"HumanEval/0"}
    assert time.monotonic() - started < 30


def test_what_waits_is_given_up_soon_and_hides_nothing(humaneval: Lenses, sandbox: Sandbox) -> None:
    waiting = "import time\n\ndef wait(x):\n    time.sleep(60)\n\ndef hang(x, y):\n    time.sleep(60)\n\n"
    started = time.monotonic()
    assert solved(waiting + METHOD, humaneval, sandbox) == {"HumanEval/0"}
    assert time.monotonic() - started < 15


def test_a_text_runs_no_more_than_its_definitions(humaneval: Lenses, sandbox: Sandbox) -> None:
    code = f"print('much')\nwhile True:\n    pass\n{METHOD}\nraise SystemExit\n"
    assert solved(code, humaneval, sandbox) == {"HumanEval/0"}


def test_a_classic_is_trivial_unless_the_text_quotes_the_problem(humaneval: Lenses, sandbox: Sandbox) -> None:
    code = "def gcd(a, b):\n    while b:\n        a, b = b, a % b\n    return a\n"
    plain = matches(code, code, humaneval, sandbox)
    assert {match.task_id for match in plain} >= {"HumanEval/13"}
    assert all(match.trivial for match in plain)
    quoted = matches(PROBLEMS["HumanEval/13"].prompt, code, humaneval, sandbox)
    assert {match.trivial for match in quoted if match.task_id == "HumanEval/13"} == {False}


def test_small_functions_of_the_same_form_are_trivial(humaneval: Lenses) -> None:
    found = matches("", "def size(box):\n    return len(box)\n", humaneval, None)
    assert ("HumanEval/23", True) in {(match.task_id, match.trivial) for match in found}
    assert all(match.trivial for match in found)


def test_names_values_docstrings_and_hints_do_not_change_a_form(humaneval: Lenses) -> None:
    code = """
    def anything(rows: list[float], border: float = 3.0) -> bool:
        'Words.'
        for a, x in enumerate(rows):
            for b, y in enumerate(rows):
                if a != b:
                    gap: float = abs(x - y)
                    if gap < border:
                        return True
        return False
    """
    found = matches("", textwrap.dedent(code), humaneval, None)
    assert [(match.task_id, match.score) for match in found if match.score > 0.9] == [("HumanEval/0", 1.0)]


def test_all_numbers_of_the_list_of_known_problems_are_problems() -> None:
    assert known.ordinary() | set(known.slow()) <= set(PROBLEMS)
    assert len(known.ordinary()) == 43


def test_passages_that_many_rows_hold_are_the_template_s() -> None:
    rows_of = {("HumanEval/0", "a"): 11, ("HumanEval/1", "b"): 10, ("HumanEval/2", "c"): 300}
    assert of_the_template(rows_of, 100) == {("HumanEval/0", "a"), ("HumanEval/2", "c")}
    assert of_the_template(rows_of, 20_000) == {("HumanEval/2", "c")}


def test_problems_in_mbpp_s_format_are_found_too(tmp_path: Path, sandbox: Sandbox) -> None:
    path = tmp_path / "mbpp.jsonl"
    task = {
        "task_id": 3,
        "text": "Write a python function to identify non-prime numbers of a certain kind, whatever they may be.",
        "code": "def is_not_prime(n):\n    return n < 2 or any(n % i == 0 for i in range(2, n))\n",
        "test_list": [
            "assert is_not_prime(2) == False",
            "assert is_not_prime(10) == True",
            "assert is_not_prime(35) == True",
        ],
        "test_setup_code": "",
    }
    path.write_text(json.dumps(task) + "\n")
    through = Lenses.over(read_all([path]))
    other = "def composite(k):\n    found = [d for d in range(2, k) if not k % d]\n    return k < 2 or len(found) > 0\n"
    found = matches(task["text"], other, through, sandbox)
    assert {(match.lens, match.task_id) for match in found} >= {("text", "MBPP/3"), ("behaviour", "MBPP/3")}


def test_what_a_prompt_says_in_words_is_found_alone(humaneval: Lenses) -> None:
    said = {task_id: statement(problem.prompt) for task_id, problem in PROBLEMS.items()}
    worth = {task_id: text for task_id, text in said.items() if len(words(text)) >= 8}
    assert len(worth) > 150
    missed = [one for one, text in worth.items() if one not in tasks(matches(text, "", humaneval, None), "text")]
    assert missed == []


HUMANEVAL = '"task_id": "a/1", "prompt": "def f(x):\\n", "entry_point": "f"'


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{}", "a problem needs the text 'task_id'"),
        (f'{{{HUMANEVAL}, "test": "def check(candidate:"}}', "the test is no Python"),
        (f'{{{HUMANEVAL}, "test": "x = 1"}}', "the test does not define 'check'"),
        (f'{{{HUMANEVAL}, "test": "def check(c): 1", "canonical_solution": "  ("}}', "the solution is no Python"),
        ('{"task_id": 1, "code": "def f(): 1", "test_list": "assert f()"}', "no list of asserts"),
        ('{"task_id": 1, "code": "def f(:", "test_list": []}', "no Python"),
        ('{"task_id": 1, "code": "def f(): pass", "test_list": ["assert g() == 1"]}', "no assert calls a function"),
    ],
)
def test_what_is_no_problem_is_named_with_its_line(tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / "problems.jsonl"
    path.write_text(line + "\n")
    with pytest.raises(TextbooksError, match=said) as told:
        read_problems(path)
    assert f"{path}:1" in str(told.value)


def test_a_problem_tells_how_many_arguments_it_takes() -> None:
    assert (PROBLEMS["HumanEval/0"].arity, PROBLEMS["HumanEval/38"].arity) == (2, 1)
    bare = Problem(task_id="x/1", prompt='def f(a, b, c=1):\n    """Doc."""\n', entry_point="f", test="")
    assert bare.arity == 3
    assert [one.name for one in functions(parsed("class A:\n    def f(self): pass\n"))] == ["f"]
