"""Short forms of titles, for a subject line and for the line under it in an inbox."""

import re

from worker.render.sentences import ELLIPSIS

_JOINTS = re.compile(r"\s(?=(?:for|with|via|through|using|from|towards?|by|in|on|at|under|over|without|across|beyond)\s)", re.IGNORECASE)
_FUNCTION_WORDS = frozenset(
    re.findall(
        r"\w+",
        "a an and are as at be beyond but by can do does for from how if in into is it its not of on once only or over really"
        " than that the their there through to toward towards under up us via we what when where which who why"
        " with without you your all any more most",
    )
)
_CAPITALISED = re.compile(r"[A-Z][a-z]+(?:-[A-Z]?[a-z]+)*")
_FEWEST_WORDS = 2


def shortened_title(title: str, longest: int) -> str:
    """`title` in at most `longest` letters: whole, else up to a joint ("for", "via", …), else its name, else cut with an ellipsis."""
    if len(title) <= longest:
        return title
    name, colon, rest = title.partition(": ")
    start = len(name) + 2 if colon else 0
    joints = [found.start() for found in _JOINTS.finditer(title) if found.start() <= longest and found.start() > start]
    whole = [at for at in joints if len(title[start:at].split()) >= _FEWEST_WORDS]
    if whole:
        return title[: whole[-1]].rstrip(",;:–— ")
    if colon and len(name) <= longest and len(rest) > longest - len(name):
        return name
    cut = title.rfind(" ", 0, longest)
    return title[: cut if cut > longest // 2 else longest - 1].rstrip(" ,;:–—-")[: longest - 1] + ELLIPSIS


def in_sentence_case(title: str, abstract: str) -> str:
    """What follows the name of "Name: What It Does" in lower case, if the abstract shows that each of its words is written so.

    "LoopCoder-v2: Only Loop Once" becomes "LoopCoder-v2: only loop once"; a word that could be a name keeps the whole as it is.
    """
    name, colon, rest = title.partition(": ")
    words = [word.strip(",;?!") for word in rest.split()]
    known = _FUNCTION_WORDS | set(re.findall(r"[a-z]+(?:-[a-z]+)*", abstract))
    if not colon or not all(word.lower() in known for word in words if _CAPITALISED.fullmatch(word)):
        return title
    lowered = [word.lower() if _CAPITALISED.fullmatch(word.strip(",;?!")) else word for word in rest.split()]
    return f"{name}: {' '.join(lowered)}"
