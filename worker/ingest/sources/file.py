"""A file of papers: a JSON array, JSON lines, CSV, or the page of titles and abstracts as it was copied; gzip or not.

What it is, is told by its content. A row that cannot be read is skipped with its line and the reason.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import partial
from pathlib import Path

from config.clock import Clock
from worker.ingest import tables, trending_page
from worker.ingest.bylines import people
from worker.ingest.foreign import Unfit, as_count, as_day, as_mapping, as_moment, as_text, inflated, kind
from worker.ingest.papers import Record, arxiv_id, doi, title_key
from worker.ingest.port import Progress, Skipped, SourceError
from worker.ingest.reading import Part, Said, checked, in_turn, skipped
from worker.ingest.tables import Row
from worker.ingest.trending_page import Alone, Found

LARGEST = 100_000_000  # bytes, packed or not
READABLE = "a JSON array, JSON lines, CSV with a header that names a title, or the page of titles and abstracts; .gz is fine"
_NO_UTF8 = re.compile("[\udc80-\udcff]")
# The first name that has a value counts. Keys are reduced by tables.field_name.
NAMES = {
    "title": ("title", "papertitle"),
    "abstract": ("abstract", "summary", "description"),
    "authors": ("authors", "author", "creators", "creator"),
    "url": ("url", "link", "abs", "href", "paperurl"),
    "arxiv": ("arxivid", "arxiv", "id", "paperid"),
    "doi": ("doi",),
    "published": ("publishedat", "published", "date", "publicationdate", "pubdate"),
    "listed": ("listedon", "listed", "listingday", "dailydate"),
    "votes": ("votes", "upvotes"),
    "comments": ("comments", "numcomments"),
    "categories": ("categories", "category"),
    "keywords": ("keywords", "aikeywords"),
    "summary": ("aisummary", "tldr"),
    "repository": ("repository", "githubrepo", "github", "code"),
    "stars": ("stars", "githubstars"),
    "organisation": ("organisation", "organization"),
}


class File:
    """The file at `path`; its name is what its papers carry as their source."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self.name = f"file:{path}".encode("utf-8", "replace").decode()  # a file may be called what no text can be
        self._path = path
        self._source = f"file:{path.name}"
        self._clock = clock

    def expects_on(self, day: date) -> bool:
        """Never: a file changes when somebody changes it."""
        del day
        return False

    def read(self, since: date, until: date) -> Iterator[Record | Skipped | Progress]:
        """All papers of the file, whatever their dates; one without a listing day of its own is listed on `until`."""
        del since
        return in_turn([Part(f"the file {self._path.name}", str(self._path), partial(self._papers, until))])

    def _papers(self, until: date) -> Said:
        text, damage = self._text()
        try:
            yield from self._of(text, until)
        except Unfit as error:
            raise SourceError(f"{error}; what is read: {READABLE}") from error
        if damage:
            raise SourceError(f"{damage}: only what stands before that was read")

    def _text(self) -> tuple[str, Unfit | None]:
        body, damage = self._bytes(), None
        if body.startswith(b"\x1f\x8b"):
            body, damage = inflated(body, most=LARGEST)
        if body.startswith((b"\xff\xfe", b"\xfe\xff")):
            return body.decode("utf-16", errors="replace"), damage
        found = kind(body)
        if damage and not body:
            raise SourceError(str(damage))
        if found not in {"JSON", "plain text"}:
            raise SourceError(f"is {'empty' if found == 'nothing' else found}; what is read: {READABLE}")
        # Bytes that are no UTF-8 become halves of surrogate pairs, by which the row that holds them is known.
        return body.removeprefix(b"\xef\xbb\xbf").decode("utf-8", errors="surrogateescape"), damage

    def _bytes(self) -> bytes:
        try:
            if not self._path.is_file():
                raise SourceError("is no file" if self._path.exists() else "does not exist; check the path")
            with self._path.open("rb") as file:
                body = file.read(LARGEST + 1)
        except OSError as error:
            raise SourceError(f"cannot be opened: {error.strerror}") from error
        if len(body) > LARGEST:
            raise SourceError(f"has more than {LARGEST // 1_000_000} MB; split it")
        return body

    def _of(self, text: str, until: date) -> Said:
        start = text.lstrip()[:1]
        delimiter = None if start in {"[", "{"} else tables.csv_delimiter(text)
        if start == "[":
            yield from self._rows(tables.json_rows(text), until)
        elif start == "{":
            yield from self._rows(tables.json_line_rows(text), until)
        elif delimiter:
            yield from self._rows(tables.csv_rows(text, delimiter), until)
        elif trending_page.is_page(text):
            yield from self._page(text)
        else:
            raise Unfit("is plain text with neither a header nor a date on a line of its own")

    def _rows(self, rows: Iterator[Row], until: date) -> Said:
        for row in rows:
            yield _said(row.line, partial(self._record, row, until))

    def _page(self, text: str) -> Said:
        for found in trending_page.read(text, self._clock.now().date()):
            match found:
                case Alone(line, words, reason):
                    yield skipped(f"line {line}", f"{words[:60]!r} {reason}")
                case Found(line, day, title, abstract):
                    key = title_key(title)[:200] or title
                    make = partial(Record, source=self._source, external_id=key, title=title, abstract=abstract, listed_on=day)
                    yield _said(line, make)

    def _record(self, row: Row, until: date) -> Record:
        if row.fault:
            raise Unfit(row.fault)
        fields = {name: _first(row.fields, keys) for name, keys in NAMES.items()}
        title, url, name = as_text(fields["title"]), as_text(fields["url"]), _word(fields["arxiv"])
        if not title.strip():
            raise Unfit("has no title")
        return Record(
            source=self._source,
            external_id=name or as_text(fields["doi"]) or url or title_key(title)[:200] or title,
            title=title,
            abstract=as_text(fields["abstract"]),
            authors=_people(fields["authors"]),
            arxiv_id=arxiv_id(name) or arxiv_id(url),
            doi=doi(as_text(fields["doi"])) or doi(url),
            url=url or None,
            listed_on=as_day(fields["listed"]) or until,
            published_at=as_moment(fields["published"]),
            categories=_words(fields["categories"], lambda text: text.replace(",", " ").replace(";", " ").split()),
            votes=as_count(fields["votes"]),
            comments=as_count(fields["comments"]),
            summary=as_text(fields["summary"]) or None,
            keywords=_words(fields["keywords"], lambda text: text.replace(";", ",").split(",")),
            repository=as_text(fields["repository"]) or None,
            stars=as_count(fields["stars"]),
            organisation=_person(fields["organisation"]) or None,
        )


def _first(fields: Mapping[str, object], keys: tuple[str, ...]) -> object:
    return next((value for key in keys if (value := fields.get(key)) not in (None, "")), None)


def _word(value: object) -> str:
    """An id; JSON and spreadsheets like to make a number of 2606.18023."""
    return f"{value:.5f}" if isinstance(value, float) else as_text(value).strip()


def _words(value: object, split: Callable[[str], list[str]]) -> tuple[str, ...]:
    if isinstance(value, str):
        return tuple(split(value))
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()


def _people(value: object) -> tuple[str, ...]:
    if isinstance(value, list):
        return tuple(_person(one) for one in value)
    return people(value) if isinstance(value, str) else ()


def _person(value: object) -> str:
    """A name, or an object that has one."""
    named = as_mapping(value)
    return as_text(value) or as_text(named.get("fullname")) or as_text(named.get("name"))


def _said(line: int, make: Callable[[], Record]) -> Record | Skipped:
    try:
        return checked(_utf8(make()), f"line {line}")
    except Unfit as reason:
        return skipped(f"line {line}", reason)


def _utf8(record: Record) -> Record:
    """The record, unless it holds bytes that are no UTF-8 (see File._text)."""
    if any(_NO_UTF8.search(text) for text in (record.title, record.abstract, *record.authors)):
        raise Unfit("holds bytes that are no UTF-8; save the file as UTF-8")
    return record
