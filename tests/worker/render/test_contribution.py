"""The sentence that names the contribution, judged against sentences chosen by hand; and how sentences are cut."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.render.contribution import LONGEST, contribution, naming_sentence
from worker.render.sentences import ELLIPSIS, sentences, shortened
from worker.render.tex import readable

DATA = Path(__file__).parents[2] / "data" / "render"


def papers(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (DATA / name).read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize(("name", "count"), [("sample_page.jsonl", 78), ("week.jsonl", 66)])
def test_the_contribution_is_named_for_at_least_85_papers_of_100(name: str, count: int) -> None:
    judged = [
        (paper["title"], naming_sentence(sentences(paper["abstract"]), paper["title"]) in paper["named_in"]) for paper in papers(name)
    ]
    wrong = [title for title, right in judged if not right]
    assert len(judged) == count
    assert len(wrong) <= 0.15 * count, wrong
    assert len(wrong) <= 1, f"it was better before: {wrong}"


@pytest.mark.parametrize("name", ["sample_page.jsonl", "week.jsonl"])
def test_the_same_sentence_is_found_once_tex_is_readable(name: str) -> None:
    for paper in papers(name):
        text, title = readable(paper["abstract"]), readable(paper["title"])
        assert naming_sentence(sentences(text), title) == naming_sentence(sentences(paper["abstract"]), paper["title"]), title


def test_an_opening_that_is_background_is_never_taken() -> None:
    abstract = "Diffusion models are widely used in vision. Their cost is high. Much depends on the sampler."
    assert not contribution(abstract, "Diffusion models: a view").startswith("Diffusion")


def test_an_opening_that_names_the_contribution_is_taken() -> None:
    abstract = "We present FIT: a transformer-based architecture with efficient self-attention. Experiments show that it is fast."
    assert contribution(abstract, "FIT: Far-reaching Interleaved Transformers").startswith("We present FIT")


def test_a_short_sentence_takes_its_successor_along() -> None:
    abstract = "Vision is hard. To address this, we propose RMT. Inspired by RetNet, RMT introduces explicit decay. It works."
    assert (
        contribution(abstract, "RMT: Retentive Networks")
        == "To address this, we propose RMT. Inspired by RetNet, RMT introduces explicit decay."
    )


def test_a_long_sentence_is_cut_at_a_clause() -> None:
    abstract = "Vision is hard. We propose a method " + "that sees, " * 60 + "and hears."
    said = contribution(abstract, "A method")
    assert len(said) <= LONGEST
    assert said.endswith("sees" + ELLIPSIS)


def test_no_abstract_no_contribution() -> None:
    assert contribution("  ", "A title") == ""


@pytest.mark.parametrize(
    "text",
    [
        "We follow Vaswani et al. Introduced in 2017, e.g. Figure 3, i.e. Sec. 2, it works.",
        "It gains 2.5 points vs. 3.1 of Dr. Smith and J. Doe (cf. Fig. 3).",
        "We use patches (e.g., 16 × 16) w.r.t. ImageNet-1K in the U.S. Army corpus, approx. 5 % of No. 7.",
    ],
)
def test_abbreviations_end_no_sentence(text: str) -> None:
    assert sentences(text) == (text,)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("For length L. The cost grows.", ("For length L.", "The cost grows.")),
        ("Adoption is low.In this paper, we look.", ("Adoption is low.", "In this paper, we look.")),
        (
            'It says "yes." We agree! Do we? (Yes.) iTransformer wins.',
            ('It says "yes."', "We agree!", "Do we?", "(Yes.)", "iTransformer wins."),
        ),
        ("Images, text, etc. We propose one model.", ("Images, text, etc.", "We propose one model.")),
        ("", ()),
    ],
)
def test_sentences_are_cut_where_they_end(text: str, expected: tuple[str, ...]) -> None:
    assert sentences(text) == expected


@given(st.text(alphabet="aWe .!?)(L\"'éx\n", max_size=300))
def test_cutting_loses_nothing_but_blanks(text: str) -> None:
    assert "".join("".join(sentences(text)).split()) == "".join(text.split())


@given(st.text(max_size=500), st.integers(20, 300))
def test_shortened_is_never_longer_than_asked(text: str, longest: int) -> None:
    assert len(shortened(text, longest)) <= longest
