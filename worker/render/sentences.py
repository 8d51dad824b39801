"""Cuts an abstract into sentences, and a long sentence at a clause. Knows how scholars write; understands nothing."""

import re

ELLIPSIS = "…"
_LONGEST_ABBREVIATION = 24  # letters, closing brackets included
_STOP = re.compile(r"[.!?]+[\"'”’)\]]*\s+(?=[\"'“‘(\[{]?[^\W_a-z]|[a-z]?[A-Z])|(?<=[a-z]{3})\.(?=[A-Z][a-z]+ [a-z]|In |To |We )")
_NEVER_LAST = re.compile(
    r"(?:^|[\s(\[])(?:e\.\s?g|i\.\s?e|vs|cf|resp|approx|w\.r\.t|viz|[Ff]igs?|[Ee]qs?|[Ss]ecs?|[Tt]abs?|[Rr]efs?|[Aa]pp|[Nn]os?|[Vv]ols?|pp"
    r"|Dr|Mr|Mrs|Ms|Prof|St|Jr|ca)\.[\"')\]]*$"
)
_SELDOM_LAST = re.compile(r"(?:\bal|\betc|\b(?:[A-Za-z]\.){0,3}[A-Za-z])\.[\"')\]]*$")
_CLAUSE = re.compile(r"[,;:]\s|\s[–—-]{1,3}\s|\s(?=\()|\s(?=(?:which|that|while|whereas|where|and|by|with|to)\s)")
_OPENER = re.compile(
    r"[\"'“(]?(?:We|Our|This|These|Those|The|It|They|In|To|However|Here|An?|As|At|By|For|From|On|Such|While|When|With|Yet|Thus|Hence|Moreover|Furthermore)\b"
)


def sentences(text: str) -> tuple[str, ...]:
    """The sentences of `text`, in order, nothing lost but blanks."""
    text = " ".join(text.split())
    found, start = [], 0
    for stop in _STOP.finditer(text):
        end = text[max(start, stop.end() - _LONGEST_ABBREVIATION) : stop.end()].rstrip()
        if _NEVER_LAST.search(end) or (_SELDOM_LAST.search(end) and not _OPENER.match(text, stop.end())):
            continue
        found.append(text[start : stop.end()].rstrip())
        start = stop.end()
    return (*found, text[start:]) if start < len(text) else tuple(found)


def shortened(text: str, longest: int) -> str:
    """`text` in at most `longest` letters: whole, else cut after a clause, else after a word; a cut ends in an ellipsis."""
    text = " ".join(text.split())
    if len(text) <= longest:
        return text
    head = text[: longest - len(ELLIPSIS)]
    clause = max((stop.start() for stop in _CLAUSE.finditer(head)), default=0)
    if clause < longest // 2:
        clause = head.rfind(" ")
    return (head[:clause] if clause > longest // 3 else head).rstrip(" ,;:.–—-(") + ELLIPSIS
