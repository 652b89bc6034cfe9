"""Claims as people write them, beside what came out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from textbooks.excerpt import comparing

TRUE = [
    ("6", "6\n"),
    ("-> 6", "6"),
    ("=> 6", "6"),
    ("==> 6", "6"),
    ("→ 6", "6"),
    (">>> 6", "6"),
    ("Output: 6", "6"),
    ("output 6", "6"),
    ("Output: hello world", "hello world"),
    ("prints 6", "6"),
    ("Prints: hello", "hello"),
    ("returns True", "True"),
    ("Returns: [1, 2]", "[1, 2]"),
    ("result: 6", "6"),
    ("evaluates to 6", "6"),
    ("Expected output: 6", "6"),
    ("True를 반환", "True"),
    ("True를 반환합니다", "True"),
    ("출력: 3", "3"),
    ("출력 결과: 3", "3"),
    ("결과: [1, 2]", "[1, 2]"),
    ("3을 출력", "3"),
    ("3이 출력됩니다", "3"),
    ("出力: 3", "3"),
    ("出力：3", "3"),
    ("Trueを返す", "True"),
    ("結果: 3", "3"),
    ("输出: 3", "3"),
    ("输出：hello", "hello"),
    ("返回 True", "True"),
    ("Ausgabe: 3", "3"),
    ("gibt True zurück", "True"),
    ("Sortie : 3", "3"),
    ("affiche 3", "3"),
    ("renvoie True", "True"),
    ("Salida: 3", "3"),
    ("devuelve True", "True"),
    ("Saída: 3", "3"),
    ("Вывод: 3", "3"),
    ("'a b'", "a b"),
    ('"a b"', "a b"),
    ("'a b'", "'a b'"),
    ("{1, 2, 3}", "{3, 1, 2}"),
    ("[0, 1, ..., 9]", "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]"),
    ("3.14159...", "3.141592653589793"),
    ("≈ 3.14", "3.14159"),
    ("~3.14", "3.14159"),
    ("about 3.14", "3.14159"),
    ("약 3.14", "3.14159"),
    ("1 2\n3 4", "1 2  \n3 4\n"),
    ("is 5", "5"),
    ("is", "is"),
    ("outputs", "outputs"),
]


@pytest.mark.parametrize(("claimed", "actual"), TRUE)
@pytest.mark.parametrize("strict", [True, False])
def test_what_is_said_is_what_came_out(claimed: str, actual: str, strict: bool) -> None:
    assert comparing.agrees(claimed, actual, strict=strict) is True


LENIENTLY_TRUE = [
    ("3.142", "3.14159265"),
    ("6 (two times three)", "6"),
    ("6 - the area", "6"),
    ("True, because 4 is even", "True"),
    ("[1, 2] — sorted", "[1, 2]"),
    ("6; not 7", "6"),
    ("'a' # the first", "a"),
    ("a b", "a   b"),
    ("{'b': 2, 'a': 1}", "{'a': 1, 'b': 2}"),
    ("[1.0, 0.333]", "[1.0, 0.3333333333333333]"),
    ("int类型的100转成float，输出100.0", "100.0"),
    ("the sum of both, prints 3", "3"),
    ("\"libraries:['Django','Flask']\"", "libraries:['Django', 'Flask']"),
    ("[1,2 ,3]", "[1, 2, 3]"),
    ("(24.831305-11.356612j)", "(24.83130584894638-11.356612711218173j)"),
    ("The first sentence ends.And the second.", "The first sentence ends.\nAnd the second."),
]


@pytest.mark.parametrize(("claimed", "actual"), LENIENTLY_TRUE)
def test_a_rounded_or_remarked_value_is_right_unless_outputs_must_be_exact(claimed: str, actual: str) -> None:
    assert comparing.agrees(claimed, actual, strict=False) is True
    assert comparing.agrees(claimed, actual, strict=True) is False


LENIENTLY_FALSE = [
    ("~2.3", "6.106628291529549"),
    ("The area of a circle with radius 10 is 314", "The area of a circle with radius 10 is 314.0"),
    ("I am 250 years old. I am a teacher.", "I am a teacher. I am 250 years old."),
]


@pytest.mark.parametrize(("claimed", "actual"), LENIENTLY_FALSE)
def test_a_text_that_is_nearly_the_output_is_a_wrong_output_and_no_remark(claimed: str, actual: str) -> None:
    assert comparing.agrees(claimed, actual, strict=False) is False


FALSE = [
    ("7", "6"),
    ("-> 7", "6"),
    ("Output: 7", "6"),
    ("returns False", "True"),
    ("False를 반환", "True"),
    ("出力: 4", "3"),
    ("[1, 2]", "[2, 1]"),
    ("(1, 2)", "(1, 3)"),
    ("3.15", "3.14159265"),
    ("7 (two times three)", "6"),
    ("'b'", "a"),
    ("{'a': 1}", "{'a': 2}"),
    ("{1, 2}", "{1, 3}"),
    ("6", "6.5"),
]


@pytest.mark.parametrize(("claimed", "actual"), FALSE)
@pytest.mark.parametrize("strict", [True, False])
def test_what_is_wrong_is_called_so(claimed: str, actual: str, strict: bool) -> None:
    assert comparing.agrees(claimed, actual, strict=strict) is False


OPEN = [
    ("the area of the room", "6"),
    ("2", "[1, 2]"),
    ("None", "6"),
    ("see above", "hello"),
    ("print the sum", "10"),
    ("True", "6"),
    ("O(n)", "5"),
    ("first call", "computing"),
    ("3 items", "[1, 2, 3]"),
    ("the second line, prints the sum", "10"),
    ("the value of a, b and c after it is 5", "a b c"),
]


@pytest.mark.parametrize(("claimed", "actual"), OPEN)
def test_what_may_be_a_remark_is_left_open_unless_comments_must_be_claims(claimed: str, actual: str) -> None:
    assert comparing.agrees(claimed, actual, strict=False) is None
    assert comparing.agrees(claimed, actual, strict=True) is False


@pytest.mark.parametrize("strict", [True, False])
def test_an_address_can_not_be_compared(strict: bool) -> None:
    assert comparing.agrees("<object object at 0x7f>", "<object object at 0x10>", strict=strict) is None
    assert comparing.agrees("<_sre.SRE_Match object at 0x10>", "<re.Match object; span=(0, 3)>", strict=strict) is None


@given(st.text(max_size=60), st.text(max_size=60), st.booleans())
def test_no_text_raises_and_the_same_text_always_agrees(claimed: str, actual: str, strict: bool) -> None:
    comparing.agrees(claimed, actual, strict=strict)
    if actual.strip():
        assert comparing.agrees(actual, actual, strict=strict) is True
