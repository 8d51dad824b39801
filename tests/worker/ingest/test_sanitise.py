"""What may be stored: bounded, on one line, without anything that hides, reorders or breaks."""

import unicodedata
from dataclasses import fields
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.ingest import sanitise
from worker.ingest.papers import Record

ANY_TEXT = st.text(st.characters(), max_size=400)  # with control characters, and with halves of surrogate pairs
HIDING = "\u202e\u2066\u200b\ufeff\u00ad\U000e0041\x00\x1b\x9f\ufffe"


@given(ANY_TEXT, st.integers(min_value=1, max_value=300))
def test_a_line_is_bounded_printable_utf8_with_single_blanks_and_done_twice_the_same(text: str, most: int) -> None:
    line = sanitise.line(text, most)
    assert len(line) <= most
    assert line.encode("utf-8").decode() == line
    assert line == " ".join(line.split())
    assert not [letter for letter in line if unicodedata.category(letter) in {"Cc", "Cs"} or letter in HIDING]
    assert sanitise.line(line, most) == line


def test_what_hides_or_reorders_text_goes_and_what_letters_need_stays() -> None:
    assert sanitise.line(f"Loop{HIDING}Coder", 99) == "LoopCoder"
    assert sanitise.line("a\x0b\u2028b\t c\xa0d", 99) == "a b c d"
    for kept in ("👩\u200d🔬 at work", "می\u200cخواهم", "e\u0301tude", "$\\mathcal{O}(n)$", "深度学习"):
        assert sanitise.line(kept, 99) == kept


def test_a_text_that_is_cut_says_so() -> None:
    assert sanitise.line("word " * 1000, 12) == "word word w…"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://arxiv.org/abs/2606.18023", "https://arxiv.org/abs/2606.18023"),
        (" HTTPS://Example.ORG/a b?q=ü#é ", "https://example.org/a%20b?q=%C3%BC#%C3%A9"),
        ("http://bücher.example/", "http://xn--bcher-kva.example/"),
        ("http://[2001:db8::1]:8080/x", "http://[2001:db8::1]:8080/x"),
        ("http://example.org?x=1", "http://example.org?x=1"),
        ('https://example.org/"><script>', "https://example.org/%22%3E%3Cscript%3E"),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("file:///etc/passwd", None),
        ("//example.org/x", None),
        ("https://user:secret@example.org/", None),
        ("https://good.example\\@evil.example/", None),
        ("https://", None),
        ("http://[::1", None),
        ("http://example.org:99999/", None),
        ("http://a..b/", None),
        ("https://example.org/" + "x" * 2000, None),
        ("", None),
        (None, None),
    ],
)
def test_a_link_is_ascii_http_without_credentials_or_nothing(given: str | None, kept: str | None) -> None:
    assert sanitise.link(given) == kept


@given(st.one_of(ANY_TEXT, ANY_TEXT.map(lambda text: f"https://{text}"), ANY_TEXT.map(lambda text: f"http://example.org/{text}")))
def test_no_text_makes_a_link_that_is_not_one(text: str) -> None:
    link = sanitise.link(text)
    if link is not None:
        assert link.startswith(("http://", "https://"))
        assert link.isascii()
        assert link.isprintable()
        assert not set(link) & set(" \"'<>\\`")
        assert sanitise.link(link) == link


@pytest.mark.parametrize(("given", "kept"), [(0, 0), (73, 73), (2**31 - 1, 2**31 - 1), (2**31, None), (-1, None), (None, None)])
def test_a_count_is_what_a_column_holds(given: int | None, kept: int | None) -> None:
    assert sanitise.count(given) == kept


def test_a_moment_is_utc_and_within_the_age_of_papers() -> None:
    noon = datetime(2026, 6, 17, 12, tzinfo=UTC)
    assert sanitise.moment(noon.astimezone(timezone(timedelta(hours=9)))) == noon
    assert sanitise.moment(datetime(2026, 6, 17, 12)) == noon  # noqa: DTZ001 - as sources give them
    assert sanitise.moment(datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=9)))) is None
    assert sanitise.moment(datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-9)))) is None


@given(
    st.builds(
        Record,
        source=ANY_TEXT,
        external_id=ANY_TEXT,
        title=ANY_TEXT,
        abstract=ANY_TEXT,
        authors=st.lists(ANY_TEXT, max_size=5).map(tuple),
        arxiv_id=st.one_of(st.none(), ANY_TEXT, st.just("2606.18023v2")),
        doi=st.one_of(st.none(), ANY_TEXT, ANY_TEXT.map(lambda text: f"10.1234/{text}")),
        url=st.one_of(st.none(), ANY_TEXT),
        published_at=st.one_of(st.none(), st.datetimes()),
        categories=st.lists(ANY_TEXT, max_size=5).map(tuple),
        votes=st.one_of(st.none(), st.integers()),
        comments=st.one_of(st.none(), st.integers()),
        summary=st.one_of(st.none(), ANY_TEXT),
        keywords=st.lists(ANY_TEXT, max_size=5).map(tuple),
        repository=st.one_of(st.none(), ANY_TEXT),
        stars=st.one_of(st.none(), st.integers()),
        organisation=st.one_of(st.none(), ANY_TEXT),
    )
)
def test_a_clean_record_is_fit_to_store_and_cleaning_it_again_changes_nothing(record: Record) -> None:
    cleaned = sanitise.clean(record)
    assert sanitise.clean(cleaned) == cleaned
    for field in fields(cleaned):
        value = getattr(cleaned, field.name)
        for text in value if isinstance(value, tuple) else (value,):
            assert not isinstance(text, str) or text.encode("utf-8").isascii() or "\x00" not in text
    assert len(cleaned.external_id) <= sanitise.EXTERNAL_ID
    assert len(cleaned.arxiv_id or "") <= sanitise.ARXIV_ID


def test_long_names_of_entries_stay_apart() -> None:
    one, other = (sanitise.clean(Record(source="feed:x", external_id="x" * 400 + end, title="t")) for end in "ab")
    assert one.external_id != other.external_id
    assert len(one.external_id) == sanitise.EXTERNAL_ID


def test_names_are_kept_once_and_those_without_a_letter_go() -> None:
    record = Record(source="s", external_id="1", title="t", authors=("Ada Lovelace", ":", " Ada  Lovelace ", "", "Émilie du Châtelet"))
    assert sanitise.clean(record).authors == ("Ada Lovelace", "Émilie du Châtelet")
