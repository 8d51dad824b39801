"""Simple TeX becomes Unicode, and no word is lost to what only looks like TeX."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.render.tex import readable


@pytest.mark.parametrize(
    ("tex", "expected"),
    [
        (r"2\% of $\alpha$ at $10^{-3}$", "2% of α at 10⁻³"),
        (r"\textbf{a \emph{b \texttt{c}} d} and {\bf e}", "a b c d and e"),
        (r"caf\'e, G\"odel, Erd\H{o}s, Fran\c{c}ois", "café, Gödel, Erdős, François"),
        ("work~of -- say---two ``friends''", "work of – say—two “friends”"),
        (r"$\times$ and $O(n^2)$ and $\mathcal{O}(\sqrt{n}\log n)$", "× and O(n²) and O(√n log n)"),
        (r"$\text{E}^3\text{RL}$, $x_{i}^{2}$, $C_{decoded}$, $\frac{a}{b+1}$", "E³RL, xᵢ², C_decoded, a/(b+1)"),
        (r"$\tilde{\mathcal{O}}(\sqrt{T})$ in $\mathbb R^{12}$ at $37^\circ$C", "Õ(√T) in ℝ¹² at 37°C"),
        ("10^{-3}, 10^23 and O(L^{{4}/{3}})", "10⁻³, 10²³ and O(L^{4/3})"),
        ("16times16, 5times higher, 96.00% pm 0.48%", "16×16, 5× higher, 96.00% ± 0.48%"),
        (r"at~\url{https://example.org/~ada} \citep{ada1843}", "at https://example.org/~ada"),
        (r"\method{} by \PPAD", "method by PPAD"),
        (r"$7{,}000$ of 10{,}817 at 16\,FPS", "7,000 of 10,817 at 16 FPS"),
    ],
)
def test_simple_tex_is_readable(tex: str, expected: str) -> None:
    assert readable(tex) == expected


@pytest.mark.parametrize(
    "text",
    [
        "$5 and $10",
        "from $5-$10 to $20",
        "100% of it & more # 1",
        r"C:\new\table",
        "h in {10, 20, 50}",
        "--flag and ~10x and 0.5~1.2",
        "a_b and __init__ and x^y^z",
        "{unbalanced",
        "$unclosed",
        "$" * 40,
    ],
)
def test_what_only_looks_like_tex_stays(text: str) -> None:
    assert readable(text) == text


@given(st.text(alphabet="ab Z1.$~{}-`'é", max_size=200))
def test_no_letter_is_lost_without_commands(text: str) -> None:
    assert [letter for letter in readable(text) if letter.isalpha()] == [letter for letter in text if letter.isalpha()]


@given(
    st.lists(
        st.sampled_from(
            ["\\textbf{", "\\frac{", "}", "{", "$", "^", "_", "\\", "\\hat", "\\(", "\\)", " ", "word", "\\cite", "\\'", "e", "\\mathbb"]
        ),
        max_size=60,
    )
)
def test_malformed_tex_never_fails_and_keeps_its_words(parts: list[str]) -> None:
    text = "".join(parts)
    kept = readable(f"{text} 7 end")
    assert kept.endswith("7 end")
    if "\\cite" not in text and "^" not in text and "_" not in text and "\\hat" not in text:
        assert kept.count("or") >= text.count("or")
