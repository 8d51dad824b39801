"""Names of works in every spelling, and links that are never dead."""

from datetime import UTC, date, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.worker.ingest.records import a_record, unlinked
from worker.ingest.papers import (
    LONGEST_NAME,
    Record,
    aliases,
    arxiv_id,
    doi,
    links,
    packed,
    search_url,
    title_key,
    title_name,
    unpacked,
)


@pytest.mark.parametrize(
    "text",
    [
        "2606.18023",
        "2606.18023v2",
        "2606.18023V12",
        " arXiv:2606.18023v3 [cs.CL] ",
        "https://arxiv.org/abs/2606.18023",
        "http://export.arxiv.org/abs/2606.18023v1",
        "https://arxiv.org/pdf/2606.18023v3.pdf",
        "https://huggingface.co/papers/2606.18023",
        "https://www.alphaxiv.org/abs/2606.18023",
        "10.48550/arXiv.2606.18023",
        "https://doi.org/10.48550/ARXIV.2606.18023",
        "oai:arXiv.org:2606.18023",
    ],
)
def test_every_spelling_of_an_arxiv_identifier_is_the_same_identifier(text: str) -> None:
    assert arxiv_id(text) == "2606.18023"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("http://arxiv.org/abs/cs/0601001v1", "cs/0601001"),
        ("math.GT/0309136", "math/0309136"),
        ("hep-th/9901001v3", "hep-th/9901001"),
        ("0704.0001", "0704.0001"),
        ("1412.6980v9", "1412.6980"),
    ],
)
def test_older_identifiers_are_read_in_their_own_forms(text: str, expected: str) -> None:
    assert arxiv_id(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "no identifier",
        "2010.1234",  # five digits since 2015
        "0808.05394",  # four before
        "2613.12345",  # no thirteenth month
        "12606.18023",
        "2606.180231",
        "https://example.org/papers/2012345",
        "https://example.org/news/2606.18023",
        "https://example.org/releases/2012.12345/notes",
        "cs/0613001",
        "about/9901001",
    ],
)
def test_what_only_looks_like_an_identifier_is_none(text: str | None) -> None:
    assert arxiv_id(text) is None


def test_a_doi_compares_without_case_and_arxivs_own_are_identifiers_of_arxiv() -> None:
    assert doi("https://doi.org/10.1145/3580305.ABC.") == "10.1145/3580305.abc"
    assert doi("10.48550/arXiv.2606.18023") is None
    assert doi("no doi") is None


def test_titles_compare_by_their_letters_and_digits() -> None:
    assert title_key("Schrödinger's {CAT}:\n a $\\mathbf{2}$-state  system") == title_key("Schrodinger’s Cat — A 2-State System")


@pytest.mark.parametrize("title", ["Introduction", "Technical Report", "EDITORIAL.", "Mamba", "GPT-4", "", "!!!", "References"])
def test_a_title_that_tells_nothing_is_no_name(title: str) -> None:
    assert title_name(title) is None


def test_a_work_with_a_generic_title_is_known_by_what_its_source_calls_it() -> None:
    once, again, other = (aliases(unlinked("Introduction", external_id=name)) for name in ("a", "a", "b"))
    assert once == again != other


def test_the_names_of_a_record_begin_with_the_strongest() -> None:
    names = aliases(a_record(doi="10.1145/1"))
    assert [name.partition(":")[0] for name in names] == ["arxiv", "doi", "title"]


@given(st.builds(Record, source=st.text(), external_id=st.text(), title=st.text(), doi=st.none() | st.text(max_size=400)))
def test_every_record_has_a_name_that_fits_its_column(record: Record) -> None:
    assert aliases(record)
    assert all(len(name) <= LONGEST_NAME for name in aliases(record))


def test_a_paper_links_to_arxiv_then_to_its_own_page_then_to_its_doi() -> None:
    arxiv = links(names=["doi:10.1/x", "arxiv:2606.18023"], title="T", own_url="https://example.org/p", own_origin="feed")
    assert (arxiv.url, arxiv.pdf_url) == ("https://arxiv.org/abs/2606.18023", "https://arxiv.org/pdf/2606.18023")
    own = links(names=["doi:10.1/x"], title="T", own_url="https://example.org/p.PDF?x=1", own_origin="feed")
    assert (own.url, own.pdf_url, own.origin) == ("https://example.org/p.PDF?x=1", "https://example.org/p.PDF?x=1", "feed")
    by_doi = links(names=["doi:10.1/x<1>"], title="T", own_url=None, own_origin="")
    assert (by_doi.url, by_doi.pdf_url) == ("https://doi.org/10.1/x%3C1%3E", None)


@given(st.text(min_size=1, max_size=500))
def test_a_paper_without_a_link_carries_a_search_for_its_title(title: str) -> None:
    found = links(names=["title:0123456789abcdef"], title=title, own_url=None, own_origin="")
    parts = urlsplit(found.url)
    asked = parse_qs(parts.query, strict_parsing=True)
    assert (parts.scheme, parts.netloc, parts.path, found.pdf_url) == ("https", "arxiv.org", "/search/", None)
    assert found.url.isascii()
    assert asked["searchtype"] == ["title"]
    assert asked["query"][0].count('"') == 2


def test_a_search_asks_for_the_words_of_the_title_without_its_tex() -> None:
    assert parse_qs(urlsplit(search_url('The "$\\pi_0$" of 100% & more')).query)["query"] == ['"The pi_0 of 100% & more"']


def test_a_packed_record_reads_back_as_it_was() -> None:
    record = a_record(published_at=datetime(2026, 6, 9, 20, tzinfo=UTC), votes=0, categories=("cs.LG",), doi="10.1/x", stars=7)
    assert unpacked(packed(record)) == record
    assert "summary" not in packed(record)
    assert unpacked(packed(unlinked("A title", listed_on=date(2026, 4, 3)))).listed_on == date(2026, 4, 3)
