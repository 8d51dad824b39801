"""Pieces join to valid quoted-printable, whatever they hold."""

import quopri

from hypothesis import given
from hypothesis import strategies as st

from worker.render.pieces import LINE, encoded, escaped, joined, piece

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"))
NASTY = st.one_of(
    TEXTS,
    st.text(alphabet=". =\tFrom\n<é", max_size=400),
    st.integers(60, 90).map(lambda width: "x" * width + "é.=" * 40),
)


@given(st.lists(NASTY, max_size=8))
def test_any_pieces_join_to_valid_quoted_printable(texts: list[str]) -> None:
    pieces = [piece(text) for text in texts]
    wire = b"".join(part.wire for part in pieces)
    assert quopri.decodestring(wire).replace(b"\r\n", b"\n").decode() == "".join(texts) == joined(pieces)
    assert wire.isascii()
    for line in wire.split(b"\r\n"):
        assert len(line) <= LINE
        assert not line.startswith((b".", b"From "))
        assert not line.endswith((b" ", b"\t"))
        assert b"\n" not in line


@given(st.binary(max_size=300).filter(lambda data: data and not data.endswith(b"\n")))
def test_a_piece_ends_in_a_soft_break(data: bytes) -> None:
    assert encoded(data).endswith(b"=\r\n")


def test_a_piece_that_ends_its_line_needs_no_soft_break() -> None:
    assert piece("One.\n").wire == b"One.\r\n"


def test_text_from_a_stranger_is_escaped() -> None:
    assert escaped('<b>"it\'s" & </b>').text == "&lt;b&gt;&#34;it&#39;s&#34; &amp; &lt;/b&gt;"
