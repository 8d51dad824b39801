"""How arXiv's announcement feeds word an abstract: a line before it says what is announced. Pure."""

import re

LISTED = frozenset(("", "new", "cross"))  # a replacement is no new listing: the paper was listed when it was new
_PREAMBLE = re.compile(r"\s*arXiv:\S+\s+Announce Type:\s*([a-z-]+)\s*(?:Abstract:\s*)?", re.IGNORECASE)


def announcement(summary: str) -> tuple[str, str]:
    """The kind ("new", "cross", "replace", "replace-cross"; nothing for a text that is none of arXiv's) and the abstract."""
    found = _PREAMBLE.match(summary)
    return (found[1].lower(), summary[found.end() :]) if found else ("", summary)
