"""What a language is written in, and which words are forms of one another. Knows nothing of rules or excerpts.

Languages are told apart by py3langid (naive Bayes over byte n-grams, Lui and Baldwin 2012), forms of words by the
Snowball stemmers and simplemma's lexica, all offline. Languages without a stemmer have their words looked for as they
stand, also within longer ones: Korean particles and Japanese endings stick to what they follow.
"""

import functools
import re
from typing import Any

WITHOUT_SPACES = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]")
SNOWBALL = {
    "ar": "arabic",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "es": "spanish",
    "fi": "finnish",
    "fr": "french",
    "hu": "hungarian",
    "it": "italian",
    "nl": "dutch",
    "no": "norwegian",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sv": "swedish",
    "tr": "turkish",
}
"""Language → its Snowball stemmer."""
LEAST_LETTERS = 20
"""Fewer than these may be of any language."""
KNOWN = frozenset(
    """
ace af am an ar ary arz as az ba bcl be bg bn br bs ca crh cs cy da de dz el en eo es et eu ext fa fi fo fr
fuv fy ga gcf gcr gd gl gom grc gu gug guw ha hbo he hi hr ht hu hy id ig is it ja jv ka kab kik kk km kn ko
ku ky la lb lg lij ln lo lt ltg lv mg mk ml mn mr ms mt my ne nl nn no nso oc om or pa pl ps pt qu ro ru
rw sa sdh se si sk sl sn so sq sr st sv sw ta te tg th tk tl tr tt ug uk ur uz uzs vec vi vo wa wuu xh yo yue
zh zu zxx
""".split()  # noqa: SIM905  # 140 lines of one word each would be worse to read
)
"""The languages that `spoken` can tell."""
LEXICON = frozenset(SNOWBALL) - {"no"}
"""Languages of these whose lemmas simplemma knows."""


def spoken(text: str) -> str | None:
    """Return the code of the language that a text is most likely in; None for one of too few letters to tell."""
    import py3langid

    if sum(letter.isalpha() for letter in text) < LEAST_LETTERS:
        return None
    # The model also knows Nigerian Pidgin, for which it at times takes plain English.
    return next((str(code) for code, _ in py3langid.rank(text) if code in KNOWN), None)


def is_known(code: str) -> bool:
    """Return whether `spoken` can tell this language, of whatever region."""
    return _primary(code) in KNOWN


def has_forms(language: str) -> bool:
    """Return whether forms of a word can be told in this language."""
    return _primary(language) in SNOWBALL


def forms(text: str, language: str) -> list[frozenset[str]]:
    """Return, for each word of a text in order, what its forms have in common: its stem, its lemma, and that's stem.

    Two words are forms of one where these sets meet: a stemmer knows no `ran` and `run`, a lexicon not every word.
    """
    words = re.findall(r"\w+(?:['’]\w+)?", text.casefold())
    return [_forms(re.sub(r"['’]\w*$", "", word), _primary(language)) for word in words]


def tokens(text: str, language: str) -> list[str]:
    """Return the terms of a text for a search: stems, and, of scripts without spaces, each two letters in a row."""
    found: list[str] = []
    for word in re.findall(r"\w+", text.casefold()):
        if WITHOUT_SPACES.search(word):
            found += [word[n : n + 2] for n in range(max(len(word) - 1, 1))]
        else:
            found.append(str(_stemmer(_primary(language)).stemWord(word)) if has_forms(language) else word)
    return found


@functools.lru_cache(maxsize=100_000)
def _forms(word: str, language: str) -> frozenset[str]:
    import simplemma

    if language not in SNOWBALL:
        return frozenset({word})
    stem = _stemmer(language).stemWord
    lemma = simplemma.lemmatize(word, lang=language).casefold() if language in LEXICON else word
    return frozenset({word, lemma, stem(word), stem(lemma)})


@functools.cache
def _stemmer(language: str) -> Any:
    import snowballstemmer

    return snowballstemmer.stemmer(SNOWBALL[language])


def _primary(language: str) -> str:
    """Return `zh` of `zh-TW`."""
    return language.partition("-")[0].casefold()
