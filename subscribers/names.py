"""A reader's name: foreign text that is printed into letters, hence never a link, a header or a page long. Pure."""

import re
import unicodedata

LETTERS = 80
_BREAKS_LINKS = re.compile(r"[<>\[\](){}\"`|\\/@:;=&?#%*_~^$]+")
_DOTTED = re.compile(r"(?<=\w)[.。．｡](?=\w\w)")


def tidy_name(typed: str) -> str:
    """`typed` as a name: one line, at most 80 letters, with nothing that a mail program turns into a link.

    A dot before two letters or more gets a blank ("evil.com" becomes "evil. com", "St.John" becomes "St. John").
    """
    normal = unicodedata.normalize("NFC", typed[:1000])
    plain = "".join(" " if unicodedata.category(letter)[0] in "CZ" else letter for letter in normal)
    unlinked = _DOTTED.sub(". ", _BREAKS_LINKS.sub(" ", plain))
    return " ".join(unlinked.split())[:LETTERS].rstrip()
