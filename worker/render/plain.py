"""Foreign text made fit to print: cleaned, bounded, wrapped; links http(s) only. Escapes nothing: `pieces` does."""

import re
import unicodedata
from urllib.parse import quote, urlsplit

WIDTH = 72  # columns of the text part; URLs may be longer, alone on a line
LONGEST_LINK = 2_000
# Control characters, lone surrogates and noncharacters (the latter mark holes in our moulds); directions that could turn the rest of a
# mail round (U+202A-202E, U+2066-2069); byte order marks, soft hyphens, and the invisible tags that smuggle text (U+E0000-E007F).
_BLANKS = re.compile(r"[\s\x1c-\x1f\x85\u2028\u2029]+")
_UNFIT = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u180e\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufdd0-\ufdef\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e007f]"
    "|[" + "".join(chr(plane << 16 | 0xFFFE) + chr(plane << 16 | 0xFFFF) for plane in range(1, 17)) + "]"
)
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_LINKED = re.compile(r"https?://[!-~]+")
_IN_LINKS = "/?#[]@!$&'()*+,;=:-._~%"


def clean(text: str, longest: int) -> str:
    """`text` on one line, without what is unfit to print, at most `longest` letters (then it ends in an ellipsis)."""
    if len(text) <= longest and text.isascii() and text.isprintable() and "  " not in text:
        return text.strip()
    text = _BLANKS.sub(" ", fit(text[: 4 * longest])).strip()
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def fit(text: str) -> str:
    """`text` in its lines, without what is unfit to print."""
    return _UNFIT.sub("", _SURROGATE.sub("\ufffd", text))


def link(url: str | None) -> str:
    """`url` as it may stand in an href and on a line of text: http(s), ASCII, no blanks, bounded; else empty.

    Refuses user names ("https://bank.example@evil.example") and hosts that are no ASCII domain.
    """
    if not url or len(url) > LONGEST_LINK:
        return ""
    try:
        parts = urlsplit(url.strip())
        host = (parts.hostname or "").encode("idna").decode()
        port = f":{parts.port}" if parts.port else ""
    except ValueError:  # a bad port, a bracketed host that is no address, a label IDNA cannot hold
        return ""
    if parts.scheme not in {"http", "https"} or "@" in parts.netloc or not re.fullmatch(r"[a-z0-9.-]+", host):
        return ""
    rest = quote(_UNFIT.sub("", _SURROGATE.sub("", parts._replace(scheme="", netloc="").geturl())), safe=_IN_LINKS)
    made = f"{parts.scheme}://{host}{port}{rest}"
    return made if _LINKED.fullmatch(made) and len(made) <= LONGEST_LINK else ""


def columns(text: str) -> int:
    """How many columns of a terminal `text` takes: two for East Asian wide letters, none for marks."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(letter) else 1 + (unicodedata.east_asian_width(letter) in "WF") for letter in text)


def wrapped(text: str, indent: int = 0, hanging: int | None = None) -> str:
    """`text` in lines of at most WIDTH columns, each after `indent` blanks (the first after `hanging`); no line feed at the end.

    A word that is too long is broken, a URL never.
    """
    lines: list[str] = []
    line, left = "", indent if hanging is None else hanging
    if text.isascii() and max(left, indent) + len(text) <= WIDTH:  # most reasons and names: the rest of this counts columns
        return " " * left + " ".join(text.split()) if text.strip() else ""
    for word in _broken(text.split(), WIDTH - indent):
        if line and left + columns(line) + 1 + columns(word) > WIDTH:
            lines.append(" " * left + line)
            line, left = "", indent
        line = f"{line} {word}" if line else word
    return "\n".join([*lines, " " * left + line]) if line else ""


def _broken(words: list[str], room: int) -> list[str]:
    return [bit for word in words for bit in ([word] if columns(word) <= room or _LINKED.fullmatch(word) else _bits(word, room // 2))]


def _bits(word: str, size: int) -> list[str]:
    return [word[at : at + size] for at in range(0, len(word), size)]
