"""Makes the demo's week, `worker/demo/data/week.jsonl.gz`, from recorded answers. The same data gives the same bytes.

    python -m tests.tools.bundle_week DATA

DATA holds `hf_daily_papers/days/`, `arxiv_daily_listings/` and `daily_papers_apr3.jsonl`; `worker/demo/data/README.md` says what they are.
"""

import argparse
import gzip
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from config.settings import ROOT

DAYS = ("2026-06-15", "2026-06-16", "2026-06-17", "2026-06-18", "2026-06-19", "2026-06-22")
ARXIV_ONLY = 80  # papers a day that arXiv alone lists, for readers whose fields no community votes on
WEEK = ROOT / "worker" / "demo" / "data" / "week.jsonl.gz"

Entry = dict[str, Any]  # one line of the bundle, as worker.demo.week reads it


def main() -> None:
    """Read the folder that is named, and write the bundle."""
    parser = argparse.ArgumentParser(prog="python -m tests.tools.bundle_week", description="Make the demo's week from recorded data.")
    parser.add_argument("data", type=Path)
    entries = list(bundle(parser.parse_args().data))
    lines = "".join(json.dumps(entry, ensure_ascii=False, separators=(",", ":")) + "\n" for entry in entries)
    packed = gzip.compress(lines.encode(), 9, mtime=0)
    WEEK.write_bytes(packed)
    print(f"{len(entries)} papers, {len(packed)} bytes: {WEEK.relative_to(ROOT)}")  # noqa: T201 - a program run by hand


def bundle(data: Path) -> Iterator[Entry]:
    """Every paper once: those with votes, then those of arXiv alone, then the client's."""
    announced = _announced(data / "arxiv_daily_listings")
    voted = {entry["id"]: entry for day in DAYS for entry in _voted(data / "hf_daily_papers" / "days", day)}
    for entry in voted.values():
        if listed := announced.get(entry["id"]):
            entry |= {"categories": listed["categories"], "arxiv": listed["arxiv"]}
        yield entry
    for day in DAYS:
        rest = [entry for entry in announced.values() if entry["arxiv"] == day and entry["id"] not in voted]
        yield from _broadest(rest, ARXIV_ONLY)
    for number, line in enumerate((data / "daily_papers_apr3.jsonl").read_text(encoding="utf-8").splitlines(), start=1):
        paper = json.loads(line)
        yield {"page": number, "title": _text(paper["title"]), "abstract": _text(paper["abstract"])}


def _voted(folder: Path, day: str) -> Iterator[Entry]:
    for item in json.loads((folder / f"{day}.json").read_text(encoding="utf-8")):
        paper = item["paper"]
        organisation = paper.get("organization") or item.get("organization") or {}
        community = {
            "day": day,
            "votes": paper["upvotes"],
            "comments": item.get("numComments"),
            "summary": paper.get("ai_summary"),
            "keywords": paper.get("ai_keywords"),
            "repository": paper.get("githubRepo"),
            "stars": paper.get("githubStars"),
            "organisation": organisation.get("fullname"),
        }
        yield {
            "id": paper["id"],
            "title": _text(paper["title"]),
            "abstract": _text(paper["summary"]),
            "authors": [author["name"] for author in paper["authors"] if not author.get("hidden")],
            "published": paper["publishedAt"][:10],
            "huggingface": _present(community),
        }


def _announced(folder: Path) -> dict[str, Entry]:
    """Each paper of the recorded listings by its id, on the first day that lists it."""
    found: dict[str, Entry] = {}
    for day in DAYS:
        with gzip.open(folder / f"{day}.jsonl.gz", "rt", encoding="utf-8") as lines:
            for line in lines:
                paper = json.loads(line)
                found.setdefault(
                    paper["id"],
                    {
                        "id": paper["id"],
                        "title": _text(paper["title"]),
                        "abstract": _text(paper["summary"]),
                        "authors": paper["authors"],
                        "categories": paper["categories"],
                        "arxiv": day,
                    },
                )
    return found


def _broadest(entries: Sequence[Entry], wanted: int) -> list[Entry]:
    """Papers that cover as many categories as can be: each time one of the category that is covered least, and rarest."""
    there = Counter(category for entry in entries for category in entry["categories"])
    covered: Counter[str] = Counter()
    left = {entry["id"]: entry for entry in entries}
    chosen: list[Entry] = []
    while left and len(chosen) < wanted:
        best = min(left.values(), key=lambda entry: min((covered[name], there[name], name, entry["id"]) for name in entry["categories"]))
        covered.update(best["categories"])
        chosen.append(left.pop(best["id"]))
    return sorted(chosen, key=lambda entry: entry["id"])


def _present(values: Mapping[str, Any]) -> Entry:
    return {name: value for name, value in values.items() if value not in (None, "", [])}


def _text(text: str) -> str:
    return " ".join(text.split())


if __name__ == "__main__":
    main()
