"""What a language is written in, and which words are forms of one another. Knows nothing of rules or excerpts.

Languages are told apart by py3langid (naive Bayes over byte n-grams, Lui and Baldwin 2012), forms of words by the
Snowball stemmers and simplemma's lexica, all offline. Languages without a stemmer have their words looked for as they
stand, also within longer ones: Korean particles and Japanese endings stick to what they follow.
"""

import functools
import re
from typing import Any

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
LEXICON = frozenset(SNOWBALL) - {"no"}
"""Languages of these whose lemmas simplemma knows."""


def spoken(text: str) -> str:
    """Return the code of the language that a text is most likely in; sure from a sentence on."""
    import py3langid

    return str(py3langid.classify(text)[0])


def is_known(code: str) -> bool:
    """Return whether `spoken` can tell this language."""
    import py3langid.langid

    py3langid.classify("")  # loads the model
    identifier = py3langid.langid.IDENTIFIER
    return identifier is not None and code in identifier.labels


def has_forms(language: str) -> bool:
    """Return whether forms of a word can be told in this language."""
    return _primary(language) in SNOWBALL


def forms(text: str, language: str) -> list[frozenset[str]]:
    """Return, for each word of a text in order, what its forms have in common: its stem, its lemma, and that's stem.

    Two words are forms of one where these sets meet: a stemmer knows no `ran` and `run`, a lexicon not every word.
    """
    words = re.findall(r"\w+(?:['’]\w+)?", text.casefold())
    return [_forms(re.sub(r"['’]\w*$", "", word), _primary(language)) for word in words]


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
