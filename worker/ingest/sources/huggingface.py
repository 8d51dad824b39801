"""Hugging Face's daily papers: votes, comments, a model's summary and keywords, code and its stars (https://huggingface.co/docs/hub/api).

One request a listing day. The answer has changed its shape every few months since 2024, so every field is taken where any era put it, and
none but the id and the title is needed. Its dates have changed their meaning too: a paper is listed on the day that was asked for.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from urllib.parse import quote, urlencode

from worker.ingest.client import Client, FetchError
from worker.ingest.foreign import Unfit, as_count, as_mapping, as_moment, as_text, as_texts, json_items
from worker.ingest.papers import Record, arxiv_id
from worker.ingest.port import Progress, Skipped
from worker.ingest.reading import Part, Said, in_turn, of, records, unreadable

NAME = "huggingface"
PAGE = 50  # papers on a full page, when no limit is asked for
MOST_PAGES = 10
_SATURDAY = 5
_NO_SUCH_DAY = frozenset((400, 404))  # nothing is lost when a day without a list is answered so


class HuggingFace:
    """The daily papers API below `base`."""

    name = NAME

    def __init__(self, base: str, client: Client) -> None:
        self._base = base
        self._client = client

    def expects_on(self, day: date) -> bool:
        """Monday to Friday: of 414 listing days recorded from May 2024 to December 2025 none was a weekend's."""
        return day.weekday() < _SATURDAY

    def read(self, since: date, until: date) -> Iterator[Record | Skipped | Progress]:
        """The papers of each listing day, the newest day first: it is the one that readers wait for."""
        days = [until - timedelta(days=back) for back in range((until - since).days + 1)]
        return in_turn([Part(f"the daily papers of {of(day)}", of(day), partial(self._day, day)) for day in days])

    def _day(self, day: date) -> Said:
        seen: set[str] = set()
        try:
            for page in range(MOST_PAGES):
                entries, known = 0, len(seen)
                for record in self._page(day, page):
                    entries += 1
                    if isinstance(record, Skipped) or record.external_id not in seen:
                        yield record
                    if isinstance(record, Record):
                        seen.add(record.external_id)
                # A day of more than a page is rare; and a server that knows no pages gives the same one again.
                if entries < PAGE or len(seen) == known:
                    return
        except FetchError as error:
            if self.expects_on(day) or error.status not in _NO_SUCH_DAY:
                raise

    def _page(self, day: date, page: int) -> Said:
        asked = {"date": day.isoformat()} | ({"p": str(page)} if page else {})
        answer = self._client.get(f"{self._base}/api/daily_papers?{urlencode(asked)}")
        try:
            items = json_items(answer.body.decode("utf-8", errors="replace"))
            for record in records(items, self._record, lambda number, entry: _name(number, entry, day)):
                yield replace(record, listed_on=day) if isinstance(record, Record) else record
        except Unfit as error:
            raise unreadable(answer.url, error) from error
        self._client.keep(answer)

    def _record(self, entry: object) -> Record:
        if not isinstance(entry, dict):
            raise Unfit(f"is {_what(entry)}, not an object")
        outer, paper = as_mapping(entry), as_mapping(entry.get("paper"))
        name = as_text(paper.get("id")) or as_text(outer.get("id"))
        if not name.strip():
            raise Unfit("has no id")
        found = _arxiv_id(name)
        organisation = as_mapping(paper.get("organization")) or as_mapping(outer.get("organization"))
        return Record(
            source=NAME,
            external_id=found or name,
            title=as_text(paper.get("title")) or as_text(outer.get("title")),
            abstract=as_text(paper.get("summary")) or as_text(outer.get("summary")),
            authors=_authors(paper.get("authors")),
            arxiv_id=found,
            url=f"https://arxiv.org/abs/{found}" if found else f"{self._base}/papers/{quote(name, safe='')}",
            published_at=as_moment(paper.get("publishedAt")) or as_moment(outer.get("publishedAt")),
            votes=_count(outer, paper, "upvotes"),
            comments=_count(outer, paper, "numComments"),
            summary=as_text(paper.get("ai_summary")) or None,
            keywords=as_texts(paper.get("ai_keywords")),
            repository=as_text(paper.get("githubRepo")) or None,
            stars=as_count(paper.get("githubStars")),
            organisation=as_text(organisation.get("fullname")) or as_text(organisation.get("name")) or None,
        )


def _arxiv_id(name: str) -> str | None:
    """A community's own paper may have a name of any form; only one that is an arXiv id and nothing else is one."""
    bare = re.sub(r"v\d+$", "", name.strip().lower().removeprefix("arxiv:"))
    return bare if arxiv_id(bare) == bare else None


def _count(outer: Mapping[str, object], paper: Mapping[str, object], field: str) -> int | None:
    inside = as_count(paper.get(field))
    return as_count(outer.get(field)) if inside is None else inside


def _authors(value: object) -> tuple[str, ...]:
    """Names, of those that the paper's page shows: "hidden" is what the site says of an author listed by mistake."""
    people = value if isinstance(value, list) else []
    shown = (one for one in people if as_mapping(one).get("hidden") is not True)
    return tuple(one if isinstance(one, str) else as_text(as_mapping(one).get("name")) for one in shown)


def _name(number: int, entry: object, day: date) -> str:
    paper = as_mapping(as_mapping(entry).get("paper"))
    return as_text(paper.get("id")) or as_text(as_mapping(entry).get("title")) or f"entry {number} of {day}"


def _what(entry: object) -> str:
    return "text" if isinstance(entry, str) else "a list" if isinstance(entry, list) else "nothing" if entry is None else "a value"
