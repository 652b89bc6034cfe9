"""Whether an output that a text asserts is the one that came out: True, False, or None where it cannot be told.

Knows how people write outputs: with a lead or a tail in several languages, rounded, elided, in quotes or without,
with a remark behind. Knows nothing of code. In the strict way every difference is a wrong claim, as where the prompt
asked for exact outputs; else a text that does not look like a value may be a remark, and is left open.
"""

import ast
import cmath
import math
import re
from collections import Counter

WORDS = (
    r"outputs?|out|prints?|printed|returns?|results?(?:\s+in)?|yields?|gives?|displays?|shows?|evaluates\s+to|equals|is"
    r"|expected(?:\s+output)?|value"
    r"|출력(?:\s*결과)?|결과(?:값)?|반환(?:값)?|出力(?:結果)?|結果|戻り値|输出(?:结果)?|结果|返回(?:值)?|輸出|傳回"
    r"|ausgabe|ergebnis|gibt|liefert|sortie|résultat|affiche|renvoie|retourne|salida|resultado|imprime|devuelve|retorna"
    r"|saída|stampa|restituisce|risultato|вывод|результат|возвращает|выведет|выводит"
)
ARROW = re.compile(r"^(?:>>>|#>|={1,2}>|-+>|→|⇒|➜)\s*")
LEAD = re.compile(rf"^(?:(?:{WORDS})\b\s*[:：=]?|(?:{WORDS})\s*[:：])\s*", re.IGNORECASE)
LABEL = re.compile(rf"^(?:{WORDS})\s*[:：]\s*", re.IGNORECASE)
LATER_LEAD = re.compile(rf"^.*[,，;；]\s*(?:{WORDS})(?:\b|(?<=[^\x00-\u02ff]))\s*[:：=]?\s*", re.IGNORECASE)
"""What goes before a value at the end of a remark: `the sum of both, prints 3`."""
TAIL = re.compile(
    r"\s*(?:(?:을|를|이|가)?\s*(?:반환|출력)(?:합니다|한다|됩니다|된다|함|됨)?|(?:を|が)?(?:返す|返します|出力(?:する|します|される)?|表示(?:する|します|される)?)"
    r"|zurück|aus)[.。]?$"
)
ABOUT = re.compile(
    r"^(?:≈|~|about|approximately|approx\.?|roughly|around|약|約|约|etwa|environ|cerca de)\s*", re.IGNORECASE
)
REMARK = re.compile(
    r"\s*(?:\s[-–—]+\s|\s*[;；]\s*|\s+[(（#]|,\s+(?=[a-zA-Z])|\s+(?:because|since|as|for|and|not|but|if)\b)"
)
"""Where a value may end and a remark on it begin."""
ELLIPSIS = ("...", "…")
ELIDED = re.compile(r"\.\.\.|…|\?+|_{2,}")
UNREPEATABLE = re.compile(r"\bat 0x[0-9a-f]+|<module '[\w.]+' (?:from|\()", re.IGNORECASE)
SPACE_BY_PUNCTUATION = re.compile(r"\s*([,:;()\[\]{}])\s*")
NEARLY_SHARE, NEARLY_WORDS = 0.85, 5
"""A text of so many words that shares so many of them with the output is meant as that output."""
LONG = 20
"""In a text of so many letters it does not matter where its words and lines are parted."""
SIGNIFICANT_DIGITS = 3
"""To so many digits an approximate number has to be right."""


def agrees(claimed: str, actual: str, *, strict: bool) -> bool | None:
    """Return whether `claimed` is what came out; texts of several lines are compared line by line."""
    actual = _trimmed(actual)
    claimed = _trimmed(claimed)
    forms = _forms(claimed)
    if any(_is_same(form, actual, strict=strict) for form in forms):
        return True
    if UNREPEATABLE.search(actual) or UNREPEATABLE.search(claimed):
        return None
    if strict:
        return False
    if (end := LATER_LEAD.sub("", claimed)) != claimed and any(
        _is_same(form, actual, strict=False) for form in _forms(end)
    ):
        return True
    if any(_is_nearly(form, actual) for form in forms):
        return False
    values = [_literal(ABOUT.sub("", form)) for form in forms]
    claimed_value = next((value for value in values if value is not NOTHING), NOTHING)
    if claimed_value is NOTHING:
        claimed_value = _value_before_a_remark(forms, actual)
        if claimed_value is ALIKE:
            return True
    return False if _could_be_meant(claimed_value, actual) else None


def is_elision(text: str) -> bool:
    """Return whether a text only shows that something is left out, or is for the reader to find."""
    return ELIDED.fullmatch(text.strip()) is not None


def looks_like_a_value(text: str) -> bool:
    """Return whether a comment may be an output rather than a remark: a literal, with or without a lead."""
    return any(_literal(form) is not NOTHING for form in _forms(text.strip()))


def text_of(shown: str) -> str | None:
    """Return the text that a value shown in quotes is; None for any other."""
    value = _literal(shown.strip())
    return value if isinstance(value, str) else None


def _trimmed(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip("\n").split("\n")).strip()


def _forms(claimed: str) -> list[str]:
    """Return the readings of a claim, the plainest first."""
    forms = [claimed]
    for pattern in (ARROW, LEAD, TAIL):
        forms += [pattern.sub("", form).strip() for form in forms]
    return list(dict.fromkeys(form for form in forms if form))


def _is_same(claimed: str, actual: str, *, strict: bool) -> bool:
    if claimed == actual:
        return True
    if any(mark in claimed for mark in ELLIPSIS) and _fits_elided(claimed, actual):
        return True
    value, other = _literal(claimed), _literal(actual)
    if isinstance(value, str) and actual in (value, repr(value)):
        return True
    if isinstance(value, set | frozenset) and _same(value, other, tolerant=False):
        return True
    if _is_about(claimed, other):
        return True
    if strict:
        return False
    texts = (claimed, value) if isinstance(value, str) else (claimed,)
    same_letters = len(claimed) >= LONG and "".join(claimed.split()) == "".join(actual.split())
    return same_letters or any(_spaced(text) == _spaced(actual) for text in texts) or _same(value, other, tolerant=True)


def _spaced(text: str) -> str:
    """Return a text in which it does not matter how wide it is set."""
    return SPACE_BY_PUNCTUATION.sub(r"\1", " ".join(text.split()))


def _is_nearly(claimed: str, actual: str) -> bool:
    """Return whether a text differs from the output in so few words that it is no remark but a wrong output."""
    one, other = Counter(claimed.strip("\"'").split()), Counter(actual.split())
    is_long = min(one.total(), other.total()) >= NEARLY_WORDS
    return is_long and 2 * (one & other).total() >= NEARLY_SHARE * (one.total() + other.total())


def _is_about(claimed: str, actual: object) -> bool:
    """Return whether a number that is said to be approximate is near enough."""
    said = ABOUT.sub("", claimed)
    if said == claimed:
        return False
    value = _literal(said)
    if not (isinstance(value, int | float) and isinstance(actual, int | float)):
        return False
    return _is_number(value) and math.isclose(value, actual, rel_tol=10 ** -(SIGNIFICANT_DIGITS - 1))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _fits_elided(claimed: str, actual: str) -> bool:
    pieces = re.split(r"\.\.\.|…", claimed)
    if not any(piece.strip() for piece in pieces):
        return False
    pattern = ".*?".join(r"\s*".join(re.escape(word) for word in re.split(r"\s+", piece)) for piece in pieces)
    return re.fullmatch(pattern, actual, re.DOTALL) is not None


def _value_before_a_remark(forms: list[str], actual: str) -> object:
    """Return the value with which a claim begins where a remark follows it; ALIKE where that is the actual output."""
    for form in forms:
        for match in REMARK.finditer(form):
            head = form[: match.start()].strip()
            if not head:
                continue
            if _is_same(head, actual, strict=False):
                return ALIKE
            if _literal(head) is not NOTHING:
                return _literal(head)
    return NOTHING


def _could_be_meant(value: object, actual: str) -> bool:
    """Return whether a claimed value is of the kind that came out, so that the difference is an error and no remark."""
    if value is NOTHING:
        return False
    other = _literal(actual)
    if isinstance(value, str):
        return other is NOTHING or isinstance(other, str)
    if _is_number(value) and _is_number(other):
        return True
    return type(value) is type(other)


def _same(one: object, other: object, *, tolerant: bool) -> bool:
    """Return whether two values are alike in type and content; `tolerant` allows rounded floats."""
    if one is NOTHING or type(one) is not type(other):
        return False
    if tolerant and isinstance(one, complex) and isinstance(other, complex):
        return cmath.isclose(one, other, rel_tol=10**-SIGNIFICANT_DIGITS)
    if tolerant and isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=10**-SIGNIFICANT_DIGITS)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        pairs = zip(one, other, strict=False)
        return len(one) == len(other) and all(_same(a, b, tolerant=tolerant) for a, b in pairs)
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key], tolerant=tolerant) for key in one)
    if isinstance(one, set | frozenset) and isinstance(other, set | frozenset):
        return sorted(map(repr, one)) == sorted(map(repr, other))
    return one == other


NOTHING = object()
ALIKE = object()


def _literal(text: str) -> object:
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
        return NOTHING
    # Python passes over a comment; here it is a remark.
    return NOTHING if "#" in text and "#" not in repr(value) else value
