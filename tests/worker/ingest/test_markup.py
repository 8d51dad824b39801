"""HTML becomes words, and hostile HTML takes no longer than any other."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.ingest.markup import LONGEST, plain


@pytest.mark.parametrize(
    ("html", "words"),
    [
        ("no markup at all", "no markup at all"),
        ("<p>One</p><p>two<br/>three</p>", "One two three"),
        ("<a href=\"https://example.org?a>b\" title='x'>here</a>", "here"),
        ("E=mc<sup>2</sup>, H<sub>2</sub>O", "E=mc2, H2O"),
        ("<jats:p>An abstract</jats:p>", "An abstract"),
        ("for n<m and k>2 we <b>win</b>", "for n<m and k>2 we win"),
        ("Pr[x<y] and a <thing> of ours", "Pr[x<y] and a <thing> of ours"),
        ("R&amp;D, &eacute;t&eacute;, 3 &lt; 4, &#8364;", "R&D, été, 3 < 4, €"),
        ("a<script>alert('<b>')</script>b<style>p{}</style>c", "a b c"),
        ("a<!-- hidden --><!doctype html><?php echo ?>b", "a b"),
        ("cut <!-- off", "cut"),
        ("cut <script> off", "cut"),
    ],
)
def test_markup_becomes_its_words(html: str, words: str) -> None:
    assert " ".join(plain(html).split()) == words


@pytest.mark.parametrize(
    "piece", ["<a ", "<!--", '<a b="', "<", "&", "</", "<?", "<!", "<a b=c ", "<script>", "<![CDATA[", "&#", "'", '<x "']
)
def test_hostile_markup_is_read_in_a_moment(piece: str) -> None:
    before = time.process_time()
    plain(piece * (LONGEST // len(piece)))
    plain("<a " + piece * (LONGEST // len(piece)) + ">")
    assert time.process_time() - before < 2


@given(st.text(st.sampled_from("<>a/!-[]?&#;x\"'= b"), max_size=60))
def test_no_markup_breaks_the_reader(html: str) -> None:
    assert "<script>" not in plain(html)
