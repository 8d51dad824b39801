from datetime import UTC, datetime
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.ingest.papers import Paper
from worker.reading.bibtex import bibtex

SEEN = datetime(2026, 6, 17, tzinfo=UTC)


def a_paper(**values: object) -> Paper:
    fields = {"id": 1, "key": "arxiv:1706.03762", "title": "Attention Is All You Need", "abstract": "", "first_seen_at": SEEN}
    return Paper(**(fields | values))  # type: ignore[arg-type]  # the fields of Paper


def test_a_paper_is_an_entry_with_its_names() -> None:
    paper = a_paper(
        authors=("Ashish Vaswani", "Noam Shazeer"),
        published_at=datetime(2017, 6, 12, tzinfo=UTC),
        categories=("cs.CL", "cs.LG"),
        url="https://arxiv.org/abs/1706.03762",
        aliases=("arxiv:1706.03762", "doi:10.1000/xyz_123"),
    )

    assert bibtex([paper]) == (
        "@misc{vaswani2017attention,\n"
        "  title = {{Attention Is All You Need}},\n"
        "  author = {Ashish Vaswani and Noam Shazeer},\n"
        "  year = {2017},\n"
        "  eprint = {1706.03762},\n"
        "  archivePrefix = {arXiv},\n"
        "  primaryClass = {cs.CL},\n"
        "  doi = {10.1000/xyz_123},\n"
        "  url = {https://arxiv.org/abs/1706.03762},\n"
        "}\n"
    )


def test_every_entry_has_a_key_of_its_own() -> None:
    entries = bibtex([a_paper(id=number, authors=("Ada Lovelace",)) for number in (1, 2, 3)])

    assert [line for line in entries.splitlines() if line.startswith("@")] == [
        "@misc{lovelace2026attention,",
        "@misc{lovelace2026attention2,",
        "@misc{lovelace2026attention3,",
    ]


def test_a_paper_without_anything_still_has_a_key() -> None:
    assert bibtex([a_paper(title="…", key="title:0123", authors=("…",))]).startswith("@misc{anonymous2026,\n")


def test_links_and_names_stay_as_they_are_where_biblatex_reads_them_so() -> None:
    entry = bibtex(
        [a_paper(url="https://example.org/a_b%20c#d~x", aliases=("doi:10.1000/x_{y}",), authors=("R and D Group", "Ada Lovelace"))]
    )

    assert "  url = {https://example.org/a_b%20c#d~x},\n" in entry
    assert "  doi = {10.1000/x_y},\n" in entry
    assert "  author = {{R and D Group} and Ada Lovelace},\n" in entry


@pytest.mark.parametrize("title", ["}", "{{{", "a } @misc{x, title = {b}", "\\", "\\}", "$x_{i}$ }{"])
def test_braces_balance_as_bibtex_counts_them(title: str) -> None:
    assert depth(bibtex([a_paper(title=title, authors=(title,))])) == 0


@given(st.text(), st.lists(st.text(), max_size=4), st.text())
def test_no_title_or_name_breaks_out_of_its_entry(title: str, authors: list[str], url: str) -> None:
    entry = bibtex([a_paper(title=title, authors=tuple(authors), url=url)])

    assert depth(entry) == 0
    assert entry.count("@misc{") == 1
    assert entry.endswith("}\n")
    assert all(letter == "\n" or letter.isprintable() or not letter.isascii() for letter in entry)


def depth(entry: str) -> int:
    """How many braces are left open. BibTeX counts every one, a backslash before it or not; none may close the entry before its end."""
    levels = list(accumulate({"{": 1, "}": -1}.get(letter, 0) for letter in entry))
    assert min(levels[entry.index("{") : entry.rindex("}")]) >= 1
    return levels[-1]
