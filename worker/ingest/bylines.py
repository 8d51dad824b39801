r"""Lines of names taken apart, with TeX accents (`Paulo Andr\'e Lima de Castro`), as arXiv's feeds and tables have them. Pure."""

import re
import unicodedata

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


def people(line: str) -> tuple[str, ...]:
    """The names in one line: "A B, C D and E F", "Smith, J.; Roe, R.", "Smith, John and Roe, Jane"; "Curie, Marie" is one person."""
    parts = line.split(";") if ";" in line else line.split(" and ")
    if (";" in line or len(parts) > 1) and all(_surname_first(part) for part in parts):
        return tuple(" ".join(reversed([piece.strip() for piece in part.split(",")])) for part in parts)
    if ";" in line:
        return tuple(parts)
    several = line.count(",") > 1 or len(parts) > 1 or all(" " in part.strip() for part in line.split(","))
    return authors(line) if several else (line,)


def _surname_first(part: str) -> bool:
    return part.count(",") == 1 and " " not in part.partition(",")[0].strip()


def unaccented_tex(text: str) -> str:
    r"""`text` with TeX's accents and letters as Unicode: `\'e` is é, `{\L}` is Ł."""
    if "\\" not in text:
        return text
    text = _LETTER.sub(lambda found: _LETTERS[found[1]], _ACCENT.sub(_accented, text))
    return re.sub(r"[{}]", "", text)


def _accented(found: re.Match[str]) -> str:
    letter = (found[2] or found[4] or found[5]).lstrip("\\")
    return unicodedata.normalize("NFC", letter + _COMBINING[found[1] or found[3]])
