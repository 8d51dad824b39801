"""arXiv's query API (https://info.arxiv.org/help/api/user-manual.html): what was submitted when, papers by id, a paper by its exact title.

Its errors are answers of status 200 with one entry called "Error"; an unknown id is an answer without entries; and now and then a page
that should be full comes empty, which passes when it is asked for again.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode
from xml.etree.ElementTree import Element

from worker.ingest import foreign_xml as xml
from worker.ingest.client import Client
from worker.ingest.foreign import Unfit, as_count, as_moment
from worker.ingest.papers import Record, arxiv_id, doi, title_key
from worker.ingest.port import Skipped, SourceError
from worker.ingest.reading import Said, records, skipped, unreadable
from worker.ingest.replies import Patience
from worker.ingest.sanitise import line

PAGE = 500  # entries asked for at once: some 1.2 MB
MOST_PAGES = 60  # the API gives no more than 30,000 results of one question
BATCH = 100  # ids asked for at once
CANDIDATES = 30  # results looked through for an exact title
EMPTY_PAGES = 3  # in a row, before a page counts as failed
# The API computes before it answers.
PATIENCE = Patience(silence=30, attempt=35, whole=42)


class Refused(SourceError):
    """ArXiv understood the question and said no."""


@dataclass(slots=True)
class _Page:
    """One answer as it is read; `total` is how many results the question has."""

    start: int = 0
    entries: int = 0
    total: int | None = None

    @property
    def last(self) -> bool:
        """Whether nothing is left after this page."""
        return self.entries < PAGE if self.total is None else self.start + self.entries >= self.total


class ArxivQuery:
    """Questions to the API at `url`; records carry `source`."""

    def __init__(self, url: str, client: Client, source: str = "arxiv") -> None:
        self._url = url
        self._client = client
        self._source = source

    def submitted(self, categories: Sequence[str], begin: datetime, end: datetime) -> Said:
        """Papers of any of `categories` whose first version was submitted from `begin` until before `end` (UTC), the oldest first.

        Raises SourceError where reading ends early; what was yielded stands.
        """
        last = end - timedelta(minutes=1)  # the range includes both its ends
        asked = " OR ".join(f"cat:{category}" for category in categories)
        search = f"({asked}) AND submittedDate:[{begin:%Y%m%d%H%M} TO {last:%Y%m%d%H%M}]"
        query = {"search_query": search, "sortBy": "submittedDate", "sortOrder": "ascending"}
        seen: set[str] = set()
        start = 0
        for _page in range(MOST_PAGES):
            page, known = _Page(start), len(seen)
            for record in self._full_page(query, page):
                if isinstance(record, Skipped) or record.external_id not in seen:
                    yield record
                if isinstance(record, Record):
                    seen.add(record.external_id)
            # A mirror that knows no pages gives the first one again and again.
            if page.last or len(seen) == known:
                return
            start += page.entries
        raise SourceError(f"arXiv lists more than {start} papers of these categories on one day; follow fewer")

    def by_ids(self, ids: Sequence[str]) -> Said:
        """The papers with these ids, in arXiv's order; an unknown id gives nothing, and one that is no arXiv id is skipped by name."""
        good = list(dict.fromkeys(found for one in ids if (found := arxiv_id(one))))
        yield from (skipped(one, "is no arXiv id") for one in ids if not arxiv_id(one))
        for at in range(0, len(good), BATCH):
            yield from self._batch(good[at : at + BATCH])

    def by_title(self, title: str) -> str | None:
        """The id of the one paper with exactly this title (`papers.title_key` compares), or None when there is none or several.

        Raises SourceError when arXiv could not be asked.
        """
        wanted = title_key(title)
        for question in _questions(title):
            answer = self._page({"search_query": question, "max_results": str(CANDIDATES)}, _Page())
            ids = {record.external_id for record in answer if isinstance(record, Record) and title_key(record.title) == wanted}
            if ids:
                return ids.pop() if len(ids) == 1 else None
        return None

    def _batch(self, ids: Sequence[str]) -> Said:
        """One batch; ids that arXiv refuses by name are skipped, and the others asked for again."""
        try:
            yield from self._page({"id_list": ",".join(ids), "max_results": str(len(ids))}, _Page())
        except Refused as error:
            named = [one for one in ids if one in str(error)]
            if not named:
                raise
            yield from (skipped(one, error) for one in named)
            if left := [one for one in ids if one not in named]:
                yield from self._batch(left)

    def _full_page(self, query: dict[str, str], page: _Page) -> Said:
        """One page, asked for again when it is empty though results are left."""
        for _attempt in range(EMPTY_PAGES):
            yield from self._page({**query, "start": str(page.start), "max_results": str(PAGE)}, page)
            if page.entries or page.last:
                return
        raise SourceError(
            f"arXiv counts {page.total} papers and gave {page.start}, then {EMPTY_PAGES} empty pages; the next run asks again"
        )

    def _page(self, query: dict[str, str], page: _Page) -> Said:
        answer = self._client.get(f"{self._url}?{urlencode(query)}", PATIENCE)
        try:
            yield from records(self._entries(answer.body, page), self._record, _name)
        except Unfit as error:
            raise unreadable(answer.url, error) from error
        self._client.keep(answer)

    def _entries(self, body: bytes, page: _Page) -> Iterator[Element]:
        for element in xml.elements(body, "totalResults", "entry", root=("feed",)):
            if xml.local(element) == "totalResults":
                page.total = as_count(element.text)
            elif "/api/errors" in xml.text(element, "id"):
                raise Refused(f"arXiv refuses the question: {line(xml.text(element, 'summary'), 300)}")
            else:
                page.entries += 1
                yield element

    def _record(self, entry: Element) -> Record:
        name = xml.text(entry, "id")
        found = arxiv_id(name)
        if not found:
            raise Unfit("has no arXiv id")
        primary = [element.get("term", "") for element in xml.children(entry, "primary_category")]
        return Record(
            source=self._source,
            external_id=found,
            title=xml.text(entry, "title"),
            abstract=xml.text(entry, "summary"),
            authors=tuple(xml.text(author, "name") for author in xml.children(entry, "author")),
            arxiv_id=found,
            doi=doi(xml.text(entry, "doi")),
            url=f"https://arxiv.org/abs/{found}",
            published_at=as_moment(xml.text(entry, "published")),
            categories=tuple(primary + [element.get("term", "") for element in xml.children(entry, "category")]),
        )


def _name(number: int, entry: Element) -> str:
    return xml.text(entry, "id").rpartition("/abs/")[2] or xml.text(entry, "title") or f"entry {number}"


def _questions(title: str) -> Iterator[str]:
    """The title as a phrase; then its longer words in any order, since what a hyphen or an apostrophe cuts is indexed in many ways."""
    bare = re.sub(r"\\[a-zA-Z]+|[{}$\\]", "", title)
    words = re.findall(r"\w+", bare)[:40]
    if not words:
        return
    yield f'ti:"{" ".join(words)}"'
    plain = re.findall(r"(?<![\w'\u2019-])[^\W\d_]{4,}(?![\w'\u2019-])", bare)[:12]
    if len(plain) > 1:
        yield " AND ".join(f"ti:{word}" for word in plain)
