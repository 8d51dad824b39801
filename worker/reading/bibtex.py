"""Papers as BibTeX (UTF-8, as biber reads it): every letter that means something to TeX is written so that it does not."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import chain, count

from worker.ingest.papers import Paper, arxiv_id, doi
from worker.render.plain import clean, link
from worker.render.tex import readable

_SPECIAL = {
    "\\": r"\textbackslash{}",
    # Not \{ and \}: BibTeX counts braces, and takes no backslash before one into account.
    "{": r"\textbraceleft{}",
    "}": r"\textbraceright{}",
    "$": r"\$",
    "&": r"\&",
    "%": r"\%",
    "#": r"\#",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}
_TITLE, _AUTHOR, _VERBATIM = 300, 100, 2_000  # letters
_SEVERAL = re.compile(r",|\band\b", re.IGNORECASE)
_STOP_WORDS = frozenset(re.findall(r"\w+", "a an the on in of for to and with from is are how what why"))


def bibtex(papers: Iterable[Paper]) -> str:
    """An entry a paper, in order, each under a key of its own: "vaswani2017attention"."""
    taken: set[str] = set()
    return "\n".join(_entry(paper, _key(paper, taken)) for paper in papers)


def _entry(paper: Paper, key: str) -> str:
    return f"@misc{{{key},\n" + "".join(f"  {name} = {{{value}}},\n" for name, value in _fields(paper)) + "}\n"


def _fields(paper: Paper) -> Iterator[tuple[str, str]]:
    # The second pair of braces keeps the title's capitals.
    yield "title", f"{{{_text(paper.title, _TITLE)}}}"
    if authors := [name for name in map(_name, paper.authors) if name]:
        yield "author", " and ".join(authors)
    yield "year", str((paper.published_at or paper.first_seen_at).year)
    names = (paper.key, *paper.aliases)
    if number := next(filter(None, (arxiv_id(name) for name in names if name.startswith("arxiv:"))), None):
        yield "eprint", number
        yield "archivePrefix", "arXiv"
        if paper.categories:
            yield "primaryClass", _text(paper.categories[0], 20)
    if number := next(filter(None, (doi(name) for name in names if name.startswith("doi:"))), None):
        yield "doi", _verbatim(number)
    if url := link(paper.url):
        yield "url", _verbatim(url)


def _key(paper: Paper, taken: set[str]) -> str:
    surname = _ascii(paper.authors[0].split()[-1]) if paper.authors and paper.authors[0].split() else ""
    words = [word for word in map(_ascii, readable(paper.title).split()) if word and word not in _STOP_WORDS]
    stem = f"{surname or 'anonymous'}{(paper.published_at or paper.first_seen_at).year}{words[0] if words else ''}"[:60]
    key = next(name for name in chain([stem], (f"{stem}{number}" for number in count(2))) if name not in taken)
    taken.add(key)
    return key


def _ascii(word: str) -> str:
    return re.sub(r"[^a-z0-9]", "", unicodedata.normalize("NFKD", word).casefold())


def _name(author: str) -> str:
    """A name; in braces where BibTeX would take it for several, or for its parts."""
    name = _text(author, _AUTHOR)
    return f"{{{name}}}" if _SEVERAL.search(name) else name


def _verbatim(text: str) -> str:
    """What biblatex takes as it stands (doi, eprint, url): nothing in it is escaped, and what would need to be is left out."""
    return re.sub(r"[\\{}\s]", "", clean(text, _VERBATIM))


def _text(text: str, longest: int) -> str:
    return _escaped(clean(readable(clean(text, longest)), longest))


def _escaped(text: str) -> str:
    return "".join(_SPECIAL.get(letter, letter) for letter in text)
