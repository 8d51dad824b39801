"""A notice is Markdown in the mail's look: the same in both bodies, links that lead somewhere, no word of it markup."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.worker.render.builders import BASE, a_press, an_addressee, bodies, links, of_class, received, tree, words
from worker.render.notices import SUBJECT, NoticeError, notice
from worker.render.plain import WIDTH

WORDS = """# We move on *Friday*

Digests come **an hour later** from [our new host](https://papers.example.org/new?a=1&b=2). Write to [us](mailto:editor@example.org).

## What changes

- One thing, with `code <b>` in it
- Another that goes on and on and on until it must be wrapped at the width of a mail, and then on

1. first

   still first

> A quote
> of two lines

```
def f(): return "<x>"
```

---

<script>alert(1)</script>\\
a break
"""


def test_the_first_heading_is_the_subject_and_the_rest_the_words() -> None:
    made = notice(WORDS)

    assert made.subject == "We move on Friday"
    assert made.words.startswith("Digests come **an hour later**")
    assert notice(WORDS, "Another subject").words.startswith("# We move on *Friday*")
    assert notice("A line first.\n\n# And then a heading").words == "A line first.\n\n# And then a heading"


def test_both_bodies_say_the_same() -> None:
    message = a_press().notice(notice(WORDS), an_addressee())
    text, html = bodies(received(message))
    root = tree(html)

    assert of_class(root, "letter-title") == ["We move on Friday"]
    assert of_class(root, "title") == ["What changes"]
    for said in (
        "Digests come an hour later from our new host",
        "code <b>",
        "still first",
        "A quote of two lines",
        "<script>alert(1)</script>",
    ):
        assert said in " ".join(text.split())
        assert said in words(root)
    assert "- One thing, with code <b> in it\n- Another" in text
    assert "\n[1] https://papers.example.org/new?a=1&b=2\n[2] editor@example.org\n" in text
    assert all(len(line) <= WIDTH or "https://" in line for line in text.splitlines())
    assert [link for link in links(root) if not link.startswith((f"{BASE}/unsubscribe", f"{BASE}/preferences"))] == [
        "https://papers.example.org/new?a=1&b=2",
        "mailto:editor@example.org",
    ]


def test_every_element_wears_the_inlined_look() -> None:
    root = tree(a_press().notice(notice(WORDS), an_addressee()).parts().html)
    [cell] = root.find_class("letter")

    bare = [element.tag for element in cell.iterdescendants() if not element.get("style") and element.tag not in {"strong", "em", "br"}]
    assert bare == []


def test_a_notice_says_how_to_leave_and_to_whom_it_goes() -> None:
    message = a_press().notice(notice(WORDS), an_addressee(name="Win at https://evil.example"))
    mail = received(message)

    assert mail["List-Unsubscribe"] == f"<{an_addressee().urls.leave}>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    text, html = bodies(mail)
    for body in (text, html):
        assert "ada@example.org" in body
        assert an_addressee().urls.leave in body
        assert an_addressee().urls.preferences in body
    assert b"evil" not in message.wire()


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("", "no heading"),
        ("No heading at all.", "no heading"),
        ("# Only a heading", "nothing is said"),
        ("# A\n\nSee [this](/editions).", "'/editions' leads nowhere from a mail"),
        ("# A\n\n[x](javascript:alert)", "'javascript:alert' leads nowhere"),
        ("# A\n\n[bank](https://bank.example@evil.example)", "leads nowhere"),
        ("# A\n\nWords.\n\n![a picture](https://example.org/a.png)", "line 5: an image"),
        (f"# {'x' * 151}\n\nWords.", "more than 150 letters"),
    ],
)
def test_what_cannot_go_out_is_told_with_a_remedy(source: str, said: str) -> None:
    with pytest.raises(NoticeError, match=said):
        notice(source)


@given(st.text(max_size=300), st.text(max_size=60))
def test_no_words_break_a_mail(source: str, subject: str) -> None:
    try:
        made = notice(source, subject)
    except NoticeError:
        return
    message = a_press().notice(made, an_addressee())
    mail = received(message)

    assert len(made.subject) <= SUBJECT
    assert mail["To"] == "Ada Lovelace <ada@example.org>"
    assert not mail.defects
    text, _ = bodies(mail)
    assert text.rstrip().endswith("Example Ltd, 1 High Street, London")
    allowed = ("http://", "https://", "mailto:")
    assert all(link.startswith(allowed) for link in links(tree(message.parts().html)))
