"""Words as picking compares them: no case, accents, TeX or hyphens, and stemmed. Refuses nothing: any text gives tokens. Pure."""

import re
import unicodedata
from functools import lru_cache

import Stemmer

_ACCENT = re.compile(r"""\\["'`^~=.]\s*\{?\\?([A-Za-z])\}?|\\[cvuHkr]\{([A-Za-z])\}""")
_COMMAND = re.compile(r"\\[A-Za-z]+\*?")
_WORD = re.compile(r"[^\W_]+(?:\+\+|#)?")
_POSSESSIVE = re.compile(r"['’]s\b")
# "pre-training", "pre training" and "pretraining" are one word; "self-supervised" is left as two, as nobody writes it as one.
_PREFIX = "anti auto bi co counter hyper inter intra micro multi non omni over post pre semi sub super tri under uni"
_PREFIXES = frozenset(_PREFIX.split())
# Words of grammar and of every abstract, as stems: they tell nothing of what a paper is about.
_SILENT = """
a an the of and or in on for to with by from is are was be been we our this that these those it as at which can has have while not
but such their they than more also both between into through use via base show propos present introduc approach method paper work result
howev further furthermor moreov provid achiev improv demonstr experi extens new novel exist et al i e g eg ie 1 2 3 4 5 avail http
github com
"""
FUNCTION_WORDS = frozenset(_SILENT.split())
_UNFOLDED = str.maketrans(
    {"ł": "l", "Ł": "l", "ø": "o", "Ø": "o", "đ": "d", "Đ": "d", "ı": "i", "æ": "ae", "Æ": "ae", "œ": "oe", "Œ": "oe"}
)


def folded(text: str) -> str:
    """`text` without case, accents and TeX commands; what NFKD leaves whole (ł, ø, đ, æ) becomes its usual ASCII spelling."""
    if "\\" in text:
        text = _COMMAND.sub(" ", _ACCENT.sub(lambda found: found.group(1) or found.group(2), text)).replace("{", "").replace("}", "")
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", text.translate(_UNFOLDED))
    return "".join(letter for letter in apart if not unicodedata.combining(letter)).casefold()


def words(text: str) -> list[str]:
    """The words of `text` in order, folded, whole: "Pre-trained GPT-4's" gives pretrained, gpt, 4."""
    found = _WORD.findall(_POSSESSIVE.sub("", folded(text)))
    return _joined(found) if not _PREFIXES.isdisjoint(found) else found


def tokens(text: str) -> list[str]:
    """The stemmed words of `text` in order: "State-Space Models" gives state, space, model."""
    return list(_tokens(text))


@lru_cache(maxsize=16_384)  # a ranking's papers are mostly those of the one before it, and a catalogue's phrases always the same
def _tokens(text: str) -> tuple[str, ...]:
    return tuple(map(stem, words(text)))


@lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """The Snowball (Porter2) stem of a folded word, and the singular of an acronym: llms and llm agree, as gans and gan do.

    https://snowballstem.org/algorithms/english/stemmer.html takes an s off only behind a vowel, hence the special case.
    """
    if len(word) > 3 and word.endswith("s") and not word.endswith("ss") and not set("aeiouy") & set(word):  # noqa: PLR2004 - css, dns, gps
        return word[:-1]
    # A stemmer keeps the word it works on in itself, so one shared by two threads could mix their words; making one costs 1 us.
    stemmed: str = Stemmer.Stemmer("english").stemWord(word)
    return stemmed


def _joined(found: list[str]) -> list[str]:
    joined: list[str] = []
    prefix = ""
    for word in found:
        if word in _PREFIXES and not prefix:
            prefix = word
            continue
        joined.append(prefix + word)
        prefix = ""
    return [*joined, prefix] if prefix else joined
