"""Lines of names, as feeds and tables write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.ingest.bylines import authors, people, unaccented_tex


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        (r"Paulo Andr\'e Lima de Castro", "Paulo André Lima de Castro"),
        (r"J\"urgen M\"{u}ller", "Jürgen Müller"),
        (r"{\L}ukasz Kaiser", "Łukasz Kaiser"),
        (r"S{\o}ren \AA ngstr\"om", "Søren Ångström"),
        (r"Fran\c{c}ois Ho\v{r}ava", "François Hořava"),
        (r"Mar\'{\i}a Nu\~nez", "María Nuñez"),
        (r"Wei{\ss} \H{o} \u{g} \k{a} \.z", "Weiß ő ğ ą ż"),
        ("Émilie du Châtelet", "Émilie du Châtelet"),
    ],
)
def test_tex_accents_become_letters(text: str, plain: str) -> None:
    assert unaccented_tex(text) == plain


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("Chunhua Liu, Kabir Manandhar Shrestha, Sukai Huang", ("Chunhua Liu", "Kabir Manandhar Shrestha", "Sukai Huang")),
        ("Ann Lee (MIT, Cambridge), Bo Du (Wuhan (China))", ("Ann Lee", "Bo Du")),
        ("Sammy Davis, Jr., Bo Du", ("Sammy Davis, Jr.", "Bo Du")),
        ("One Person", ("One Person",)),
        (" , ,", ()),
    ],
)
def test_arxivs_lines_are_separated_by_commas(line: str, names: tuple[str, ...]) -> None:
    assert authors(line) == names


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("Ada Lovelace", ("Ada Lovelace",)),
        ("Curie, Marie", ("Curie, Marie",)),
        ("Ada Lovelace, Alan Turing", ("Ada Lovelace", "Alan Turing")),
        ("A. Lovelace, B. Turing and C. Shannon", ("A. Lovelace", "B. Turing", "C. Shannon")),
        ("Ada Lovelace and Alan Turing", ("Ada Lovelace", "Alan Turing")),
        ("Lovelace, Ada and Turing, Alan", ("Ada Lovelace", "Alan Turing")),
        ("Lovelace, A.; Turing, A. M.", ("A. Lovelace", "A. M. Turing")),
        ("Ada Lovelace; Alan Turing", ("Ada Lovelace", " Alan Turing")),
        ("Anderson", ("Anderson",)),
    ],
)
def test_other_lines_are_read_by_what_separates_them(line: str, names: tuple[str, ...]) -> None:
    assert people(line) == names


@given(st.text(st.sampled_from("ab ,;()\\'\"{}^cvHi.and"), max_size=60))
def test_no_line_breaks_the_reader(line: str) -> None:
    people(line)
    authors(line)
