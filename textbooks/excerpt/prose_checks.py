"""Checks of the prose: rules of the contract, measured on an excerpt. Each returns (is it kept, what was measured).

The table that names them, and says what values they take, is in checks.py.
"""

import functools
import re

from textbooks.excerpt import languages
from textbooks.records import Excerpt

CHAT = re.compile(
    r"^(?:sure|certainly|of course|absolutely|great question|here(?:'s| is| are)|below is"
    r"|i(?:'d| would| will|'ll) be (?:happy|glad))\b"
    r"|\b(?:i hope this helps|let me know if|feel free to|as an ai|happy (?:coding|learning))\b"
    r"|^(?:물론입니다|네, |알겠습니다)|^(?:もちろん|はい、)|^(?:当然|好的)",
    re.IGNORECASE,
)
"""What an assistant says to whoever asked, and no textbook says to its reader."""
LIST_ITEM = re.compile(r"(?:[-*•+]|\d+[.)])\s")
SHORT_LINE_WORDS = 8
HANGING = re.compile(
    r"(?:[,;（(「『“]|\b(?:a|an|the|of|to|in|on|is|are|was|were|be|and|or|but|with|for|that|which|this|as|at|by|from|not))$",
    re.IGNORECASE,
)
SPEECH = re.compile(r"“[^”]+”|\"[^\"]+\"|«[^»]+»|「[^」]+」|„[^“”]+[“”]")
LEAST_SPEECH = 2
"""Spoken passages that make a dialogue."""
SCRIPTS = {
    "latin": re.compile(r"[A-Za-z\u00c0-\u024f]"),
    "hangul": re.compile(r"[\u1100-\u11ff\u3130-\u318f\uac00-\ud7af]"),
    "kana": re.compile(r"[\u3040-\u30ff]"),
    "han": re.compile(r"[\u4e00-\u9fff]"),
    "cyrillic": re.compile(r"[\u0400-\u04ff]"),
    "arabic": re.compile(r"[\u0600-\u06ff]"),
    "greek": re.compile(r"[\u0370-\u03ff]"),
    "devanagari": re.compile(r"[\u0900-\u097f]"),
}


def paragraphs(excerpt: Excerpt, trees: object, most: int) -> tuple[bool, int]:
    """Count the paragraphs, at most so many."""
    count = len(excerpt.paragraphs)
    return count <= most, count


def words(excerpt: Excerpt, trees: object, limits: list[int]) -> tuple[bool, int]:
    """Count the words of the prose."""
    count = sum(len(re.findall(r"\w+(?:['’-]\w+)*", paragraph)) for paragraph in excerpt.paragraphs)
    return limits[0] <= count <= limits[1], count


def plain_prose(excerpt: Excerpt, trees: object, wanted: bool) -> tuple[bool, str]:
    """Find headings and lists."""
    found = [f"{excerpt.headings} headings"] if excerpt.headings else []
    found += [f"{excerpt.list_items} list items"] if excerpt.list_items else []
    return not (wanted and found), ", ".join(found)


def code_last(excerpt: Excerpt, trees: object, wanted: bool) -> tuple[bool, str]:
    """Find what is behind the first snippet and is no code."""
    return not (wanted and excerpt.late_prose), excerpt.late_prose[:200]


def chat_free(excerpt: Excerpt, trees: object, wanted: bool) -> tuple[bool, str]:
    """Find an assistant's phrases in the first and the last paragraph."""
    ends = [*excerpt.paragraphs[:1], *excerpt.paragraphs[-1:]]
    found = next((match.group() for text in ends if (match := CHAT.search(text))), "")
    return not (wanted and found), found


def banned_openings(excerpt: Excerpt, trees: object, banned: list[str]) -> tuple[bool, str]:
    """Check that the prose begins with none of these texts."""
    first = excerpt.paragraphs[0].casefold() if excerpt.paragraphs else ""
    found = next((opening for opening in banned if first.startswith(opening.casefold())), "")
    return not found, found


def whole_end(excerpt: Excerpt, trees: object, wanted: bool) -> tuple[bool, str]:
    """Check that the last line ends as sentences, blocks and lists do, and is not cut off.

    Without a mark at its end an item of a list may be whole, and so may a short line of its own, such as a sum or a
    name below a letter, unless a word that needs another one ends it.
    """
    last = excerpt.text.rstrip().rpartition("\n")[2].strip()
    is_whole = (
        bool(re.search(r"[.!?。！？:)\]\"'`”’*_|>~-]$", last))
        or last in ("```", "~~~")
        or _ends_with_code(excerpt)
        or ((LIST_ITEM.match(last) is not None or len(last.split()) <= SHORT_LINE_WORDS) and not HANGING.search(last))
    )
    return is_whole or not wanted, last[-80:]


def _ends_with_code(excerpt: Excerpt) -> bool:
    return bool(excerpt.snippets) and not excerpt.late_prose


def script(excerpt: Excerpt, trees: object, wanted: str) -> tuple[bool, str]:
    """Tell of which script most letters of the prose are."""
    letters = [letter for paragraph in excerpt.paragraphs for letter in paragraph if letter.isalpha()]
    counts = {name: sum(SCRIPTS[name].match(letter) is not None for letter in letters) for name in SCRIPTS}
    most = max(counts, key=lambda name: counts[name])
    return not letters or most == wanted, most if letters else ""


def prose_language(excerpt: Excerpt, trees: object, wanted: str) -> tuple[bool, str | None]:
    """Tell in which language the prose is, where there is enough of it; names set as code are left out."""
    found = languages.spoken(re.sub(r"`[^`]*`", "", " ".join(excerpt.paragraphs)))
    return found in (wanted, None), found


def mentions(excerpt: Excerpt, trees: object, taken: tuple[str, str | list[str]]) -> tuple[bool, list[str]]:
    """List the words and phrases that neither prose nor code has in any form; `taken` is (language, wanted)."""
    language, value = taken
    wanted = [value] if isinstance(value, str) else value
    if not languages.has_forms(language):
        text = excerpt.text.casefold()
        absent = [phrase for phrase in wanted if phrase.casefold() not in text]
        return not absent, absent
    there = languages.forms(excerpt.text, language)
    absent = [phrase for phrase in wanted if not _occurs(languages.forms(phrase, language), there)]
    return not absent, absent


def _occurs(phrase: list[frozenset[str]], text: list[frozenset[str]]) -> bool:
    """Return whether the words of a phrase stand in a text one behind the other, in whatever forms."""
    starts = range(len(text) - len(phrase) + 1)
    return any(all(word & there for word, there in zip(phrase, text[start:], strict=False)) for start in starts)


def letters(excerpt: Excerpt, trees: object, limits: list[int]) -> tuple[bool, int]:
    """Count the letters and digits of the prose, as one does in languages that write no spaces."""
    count = sum(letter.isalnum() for paragraph in excerpt.paragraphs for letter in paragraph)
    return limits[0] <= count <= limits[1], count


def contains(excerpt: Excerpt, trees: object, value: str | list[str]) -> tuple[bool, list[str]]:
    """List the texts that do not stand in the document word for word; how they are spaced does not matter."""
    wanted = [value] if isinstance(value, str) else value
    text = " ".join(excerpt.text.split())
    absent = [one for one in wanted if " ".join(one.split()) not in text]
    return not absent, absent


def omits(excerpt: Excerpt, trees: object, taken: tuple[str, str | list[str]]) -> tuple[bool, list[str]]:
    """List the words and phrases that the document has in some form; `taken` is (language, unwanted)."""
    language, value = taken
    unwanted = [value] if isinstance(value, str) else value
    _, absent = mentions(excerpt, trees, (language, unwanted))
    present = [phrase for phrase in unwanted if phrase not in absent]
    return not present, present


def shows(excerpt: Excerpt, trees: object, features: list[str]) -> tuple[bool, dict[str, bool | None]]:
    """Tell which features of a story are there; None for those that no program can tell."""
    speech = len(SPEECH.findall(" ".join(excerpt.paragraphs)))
    told = {"dialogue": speech >= LEAST_SPEECH, "no-dialogue": speech == 0}
    found = {feature: told.get(feature) for feature in features}
    return all(one is not False for one in found.values()), found


def vocabulary(excerpt: Excerpt, trees: object, taken: tuple[str, dict[str, object]]) -> tuple[bool, dict[str, object]]:
    """Measure the share of the prose's words that are forms of known ones; `taken` is (language, {within, least})."""
    language, limit = taken
    known = _stems(tuple(map(str, limit["within"])), language)  # type: ignore[call-overload]  # a list of words
    words = re.findall(r"[^\W\d_]+(?:['’][^\W\d_]+)?", " ".join(excerpt.paragraphs))
    # Names of persons are nobody's vocabulary.
    plain = [word for place, word in enumerate(words) if not (word[0].isupper() and place) or word.casefold() in known]
    foreign = [word for word in plain if not languages.forms(word, language)[0] & known]
    share = 1 - len(foreign) / len(plain) if plain else 1.0
    told = sorted({word.casefold() for word in foreign})[:20]
    return share >= float(str(limit["least"])), {"share": round(share, 3), "foreign": told}


@functools.lru_cache(maxsize=8)
def _stems(words: tuple[str, ...], language: str) -> frozenset[str]:
    return frozenset().union(*(form for word in words for form in languages.forms(word, language)))
