"""Whatever papers, readers and reasons hold, the joined message is exactly what it was made from, by wire and by parts."""

import email.policy
import re
from email.message import EmailMessage
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.worker.render.builders import a_paper, a_press, a_selection, an_addressee, bodies, links, of_class, received, some_papers, tree
from worker.pick.choices import Choice, Selection
from worker.render.cards import view_of
from worker.render.headers import fitting
from worker.render.message import Message
from worker.render.plain import clean

ODD = [
    'Quotes " and \' and `ticks` <b>&amp;</b> & "done"',
    "Emoji 😀👩‍🔬 and 🇺🇳",
    "العربية: نموذج لغوي كبير \u202eevil",
    "TeX $\\alpha^{2}$ \\textbf{bold} 2\\% $5 and $10",
    "x" * 5_000,
    "long words " * 500,
    "control \x00\x07\x1b[31m\r\nBcc: evil@example.org\x85\u2028",
    "lone \ud800 surrogate \udfff",
    "=?utf-8?q?encoded?= =\r\n soft",
    "{{ 7 * 7 }} {% raw %} \ufdd0votes\ufdd1",
    ".\n.\nFrom here",
    "日本語の論文、とても長い" * 20,
    "<!--[if mso]--> <script>alert(1)</script> </td></table>",
    "   ",
    "",
]
revisions = count(2)
odd = st.one_of(st.sampled_from(ODD), st.text(max_size=200), st.text(alphabet=" .=\n\r<>\"'&é😀\u202e\ud800{}$\\", max_size=120))


def walk(mail: EmailMessage) -> list[object]:
    return [defect for part in mail.walk() for defect in part.defects]


def check_wire(wire: bytes) -> None:
    assert wire.isascii()
    assert b"\n" not in wire.replace(b"\r\n", b"")
    assert b"\r" not in wire.replace(b"\r\n", b"")
    head, _, body = wire.partition(b"\r\n\r\n")
    assert all(len(line) <= 998 for line in wire.split(b"\r\n"))
    assert all(len(line) <= 76 for line in body.split(b"\r\n"))
    assert not any(line.startswith((b".", b"From ")) for line in body.split(b"\r\n"))
    names = [line.split(b":")[0] for line in head.split(b"\r\n") if not line.startswith(b" ")]
    assert len(names) == len(set(names))
    assert b"Bcc" not in names


def check_agreement(message: Message) -> tuple[str, str]:
    mail, parts = received(message), message.parts()
    assert walk(mail) == []
    assert mail.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    assert bodies(mail) == (parts.text, parts.html)
    for name, value in parts.headers:
        assert mail[name].defects == ()
        assert str(mail[name]) == value or name in {"From", "To", "Reply-To"}
    assert str(mail["Subject"]) == parts.subject
    return parts.text, parts.html


@given(title=odd, reason=odd, name=odd, summary=odd, author=odd, abstract=odd)
def test_the_joined_message_is_exactly_what_it_was_made_from(
    title: str, reason: str, name: str, summary: str, author: str, abstract: str
) -> None:
    papers = {
        1: a_paper(1, title=title, summary=summary, authors=(author,) * 5, abstract=abstract, organisation=name, revision=next(revisions)),
        2: a_paper(2, title=title, abstract=abstract, revision=next(revisions)),
        3: a_paper(3, title=title, revision=next(revisions)),
    }
    selection = Selection(
        for_you=(Choice(1, reason),), trending=(Choice(2, reason),), more=(Choice(3, reason),), candidates=9, still=(name,)
    )
    message = a_press().digest(selection, papers, an_addressee(name=name), note=summary)
    check_wire(message.wire())
    text, html = check_agreement(message)
    views = [view_of(paper) for paper in papers.values()]
    root = tree(html)
    assert of_class(root, "headline") == [" ".join(words.split()) for words in (views[0].title, views[1].title, views[2].line)]
    reason = " ".join(clean(reason, 160).split())
    assert of_class(root, "reason") == [reason[:1].upper() + reason[1:]] * 2
    assert all(view.url in text and view.url in links(root) for view in views)
    assert all(re.match(r"https://(arxiv\.org|papers\.example\.org)/", link) for link in links(root))
    assert not {"script", "img", "iframe", "object", "form"} & {str(element.tag) for element in root.iter()}
    assert len(message.wire()) < 90_000


@given(name=odd)
def test_a_readers_name_reads_back(name: str) -> None:
    message = a_press().digest(a_selection(papers := some_papers(1)), papers, an_addressee(name=name))
    (to,) = received(message)["To"].addresses
    assert to.addr_spec == "ada@example.org"
    assert to.display_name in {"", fitting(name)}


@given(subject=odd)
def test_an_operators_words_read_back(subject: str) -> None:
    from worker.render import letters  # noqa: PLC0415 - only this test writes letters

    message = a_press().letter(letters.operator_notice(subject, [subject, "Words."]), an_addressee())
    check_wire(message.wire())
    check_agreement(message)


def test_the_parts_carry_all_headers_but_mimes() -> None:
    message = a_press().digest(a_selection(papers := some_papers(2)), papers, an_addressee(name="Žofie Müller"))
    headers = dict(message.parts().headers)
    assert headers["From"] == "Paperboy <papers@example.org>"
    assert headers["To"] == "Žofie Müller <ada@example.org>"
    assert headers["Subject"] == "Paper 1: A Title, and 1 more"
    assert not {name for name in headers if name.startswith(("MIME", "Content"))}


def test_any_policy_reads_the_same() -> None:
    wire = a_press().digest(a_selection(papers := some_papers(3)), papers, an_addressee()).wire()
    strict = email.message_from_bytes(wire, policy=email.policy.strict)
    assert strict["MIME-Version"] == "1.0"


@pytest.mark.parametrize("title", ODD)
def test_odd_titles_open_a_subject_of_one_bounded_line(title: str) -> None:
    papers = {1: a_paper(1, title=title, revision=next(revisions)), 2: a_paper(2)}
    subject = a_press().digest(a_selection(papers), papers, an_addressee()).parts().subject
    assert subject.endswith(", and 1 more")
    assert len(subject) <= 72
    assert subject.isprintable() or "\ufffd" in subject or "👩‍🔬" in subject
