r"""How arXiv words its announcements: a line before each abstract, and all names in one, with TeX accents (`Andr\'e Lima`). Pure."""

import re
import unicodedata

LISTED = frozenset(("", "new", "cross"))  # a replacement is no new listing: the paper was listed when it was new
_PREAMBLE = re.compile(r"\s*arXiv:\S+\s+Announce Type:\s*([a-z-]+)\s*(?:Abstract:\s*)?", re.IGNORECASE)
_COMBINING = {
    "`": "\u0300",
    "'": "\u0301",
    "^": "\u0302",
    "~": "\u0303",
    "=": "\u0304",
    "u": "\u0306",
    ".": "\u0307",
    '"': "\u0308",
    "r": "\u030a",
    "H": "\u030b",
    "v": "\u030c",
    "d": "\u0323",
    "c": "\u0327",
    "k": "\u0328",
    "b": "\u0331",
}
_LETTERS = {
    "o": "ø",
    "O": "Ø",
    "l": "ł",
    "L": "Ł",
    "ss": "ß",
    "ae": "æ",
    "AE": "Æ",
    "oe": "œ",
    "OE": "Œ",
    "aa": "å",
    "AA": "Å",
    "i": "ı",
    "j": "ȷ",
}
_ACCENT = re.compile(r"\\([`'^~=.\"])\s*\{?(\\?[A-Za-z])\}?|\\([uvHcdbkr])(?:\s*\{(\\?[A-Za-z])\}|\s+(\\?[A-Za-z]))")
_LETTER = re.compile(r"\\(ss|ae|AE|oe|OE|aa|AA|o|O|l|L|i)(?![A-Za-z])\s?")
_AFFILIATION = re.compile(r"\([^()]*\)")
_SUFFIXES = frozenset(("jr", "jr.", "sr", "sr.", "ii", "iii", "iv"))


def announcement(summary: str) -> tuple[str, str]:
    """The kind ("new", "cross", "replace", "replace-cross"; nothing for a text that is none of arXiv's) and the abstract."""
    found = _PREAMBLE.match(summary)
    return (found[1].lower(), summary[found.end() :]) if found else ("", summary)


def authors(creator: str) -> tuple[str, ...]:
    """The names in `creator`, which separates them by commas; affiliations in parentheses are left out."""
    while (shorter := _AFFILIATION.sub("", creator)) != creator:
        creator = shorter
    names: list[str] = []
    for name in re.split(r",|\n|\band\b", unaccented_tex(creator)):
        if name.strip().casefold() in _SUFFIXES and names:
            names[-1] += f", {name.strip()}"
        elif name.strip():
            names.append(name.strip())
    return tuple(names)


def unaccented_tex(text: str) -> str:
    r"""`text` with TeX's accents and letters as Unicode: `\'e` is é, `{\L}` is Ł."""
    if "\\" not in text:
        return text
    text = _LETTER.sub(lambda found: _LETTERS[found[1]], _ACCENT.sub(_accented, text))
    return re.sub(r"[{}]", "", text)


def _accented(found: re.Match[str]) -> str:
    letter = (found[2] or found[4] or found[5]).lstrip("\\")
    return unicodedata.normalize("NFC", letter + _COMBINING[found[1] or found[3]])
