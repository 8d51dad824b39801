"""Days of arXiv listings as files: one a day, JSON lines, plain or gzipped, with id, title, summary, authors and categories."""

import gzip
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from worker.ingest.papers import Paper, arxiv_id

SUFFIXES = (".jsonl", ".jsonl.gz")
LISTED = datetime(2000, 1, 1, tzinfo=UTC)  # topics do not ask when a paper was seen


@dataclass(frozen=True, slots=True)
class Listing:
    """One day's papers, each once, and the lines that could not be read, in words."""

    day: str
    papers: tuple[Paper, ...]
    bad: tuple[str, ...]


def read_days(folder: Path) -> list[Listing]:
    """The listings in a folder, in the order of their file names, which name the days.

    Raises OSError, EOFError, zlib.error or ValueError for a file that cannot be read.
    """
    files = sorted(file for file in folder.iterdir() if file.name.endswith(SUFFIXES))
    return [_listing(file) for file in files]


def _listing(file: Path) -> Listing:
    papers: dict[str, Paper] = {}
    bad = []
    for number, line in enumerate(_lines(file), start=1):
        try:
            paper = _paper(line, len(papers))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            bad.append(f"{file.name} line {number}: {type(error).__name__} {error}")
        else:
            papers.setdefault(paper.key, paper)
    return Listing(file.name.partition(".")[0], tuple(papers.values()), tuple(bad))


def _lines(file: Path) -> list[str]:
    held = file.read_bytes()
    return (gzip.decompress(held) if file.suffix == ".gz" else held).decode().splitlines()


def _paper(line: str, number: int) -> Paper:
    row = json.loads(line)
    found = arxiv_id(row["id"])
    if not found or not row["title"].strip() or not row["categories"]:
        raise ValueError("has no arXiv id, no title or no categories")
    categories = row["categories"]
    return Paper(
        id=number,
        key=f"arxiv:{found}",
        title=row["title"],
        abstract=row.get("summary") or row.get("abstract") or "",
        first_seen_at=LISTED,
        authors=tuple(row.get("authors", ())),
        categories=tuple(categories.split() if isinstance(categories, str) else categories),
    )
