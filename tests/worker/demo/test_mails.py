"""One mail of the demo, judged as a stranger judges it: on the wire, as a page, as text."""

import re
from collections import Counter
from itertools import pairwise

import html5lib

from tests.worker.demo.played import Demo
from tests.worker.render.builders import of_class, words
from worker.demo.house import SITE
from worker.demo.readers import DOZEN

ONCE = ("From", "To", "Subject", "Date", "Message-ID", "List-Id", "List-Unsubscribe", "List-Unsubscribe-Post", "Auto-Submitted")
CLIPPED = 90_000  # bytes of HTML; Gmail cuts a mail at about 102,000
BARRED = {"script", "img", "iframe", "object", "embed", "form", "input", "video", "audio", "svg", "link", "base"}


def bare(text: str) -> str:
    """`text` without what wrapping adds."""
    return "".join(text.split())


def test_a_mail_is_plain_bytes_that_every_server_takes(demo: Demo) -> None:
    for mail in demo.mails:
        assert mail.wire.isascii()
        assert mail.wire.endswith(b"\r\n")
        assert b"\n" not in mail.wire.replace(b"\r\n", b"")
        assert b"\r" not in mail.wire.replace(b"\r\n", b"")
        assert max(map(len, mail.wire.split(b"\r\n"))) <= 998
        head, _, body = mail.wire.partition(b"\r\n\r\n")
        assert max(map(len, body.split(b"\r\n"))) <= 76
        assert not any(line.lstrip() == b"" for line in head.split(b"\r\n"))


def test_the_headers_are_there_once_and_without_a_defect(demo: Demo) -> None:
    for mail in demo.mails:
        names = Counter(name.lower() for name in mail.message)
        assert [names[name.lower()] for name in ONCE] == [1] * len(ONCE), mail.path.name
        assert set(names.values()) == {1}
        assert not {"bcc", "cc", "sender", "return-path", "x-mailer"} & set(names)
        assert all(value.defects == () for value in mail.message.values() if hasattr(value, "defects"))
        assert str(mail.message["To"].addresses[0].addr_spec) == mail.address
        assert mail.message["To"].addresses[0].display_name == mail.choices.name
        assert mail.message["From"].addresses[0].addr_spec == f"papers@{SITE}"
        assert mail.message["Auto-Submitted"] == "auto-generated"
        assert re.fullmatch(rf"Paperboy <digests\.{re.escape(SITE)}>", str(mail.message["List-Id"]))
    assert len({str(mail.message["Message-ID"]) for mail in demo.mails}) == len(demo.mails)


def test_leaving_takes_one_press_and_no_login(demo: Demo) -> None:
    for mail in demo.mails:
        (line,) = re.findall(rb"^List-Unsubscribe: <(https://[^>\s]{1,74})>\r$", mail.wire, re.MULTILINE)
        assert mail.message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert line.decode() == mail.own["Unsubscribe"]
        assert line.decode() in mail.text
    by_reader = {mail.address: mail.own["Unsubscribe"] for mail in demo.mails}
    assert len(set(by_reader.values())) == len(DOZEN)


def test_two_parts_the_text_first_and_nothing_attached(demo: Demo) -> None:
    for mail in demo.mails:
        assert mail.message.get_content_type() == "multipart/alternative"
        parts = list(mail.message.iter_parts())
        assert [part.get_content_type() for part in parts] == ["text/plain", "text/html"]
        assert {part.get_content_charset() for part in parts} == {"utf-8"}
        assert {part["Content-Transfer-Encoding"] for part in parts} == {"quoted-printable"}
        assert [part.defects for part in (mail.message, *parts)] == [[], [], []]
        assert len(mail.html.encode()) < CLIPPED
        assert len(mail.wire) < CLIPPED


def test_the_page_is_valid_and_says_what_it_is(demo: Demo) -> None:
    for mail in demo.mails:
        html5lib.HTMLParser(strict=True).parse(mail.html)
        assert mail.root.get("lang") == "en"
        assert mail.root.findtext("head/title") == mail.message["Subject"]
        levels = [int(str(element.tag)[1]) for element in mail.root.iter("h1", "h2", "h3", "h4", "h5", "h6")]
        assert levels[0] == 1
        assert Counter(levels)[1] == 1
        assert all(later - earlier <= 1 for earlier, later in pairwise(levels))
        assert {table.get("role") for table in mail.root.iter("table")} == {"presentation"}
        ids = [element.get("id") for element in mail.root.iter() if element.get("id")]
        assert len(ids) == len(set(ids))


def test_nothing_is_fetched_and_nothing_runs(demo: Demo) -> None:
    for mail in demo.mails:
        assert not BARRED & {str(element.tag) for element in mail.root.iter()}
        assert not re.search(r"@import|url\(|javascript:|expression\(|data:", mail.html)
        assert not [name for element in mail.root.iter() for name in element.attrib if str(name).startswith("on") or name == "background"]
        for element in mail.root.iter("a"):
            assert re.match(r"https://", element.get("href") or ""), mail.path.name
            assert words(element), mail.path.name


def test_every_style_is_inline_but_what_cannot_be(demo: Demo) -> None:
    for mail in demo.mails:
        for element in mail.root.find(".//body").iter():
            if element.get("class") and element.tag not in {"br", "tr"}:
                assert element.get("style"), f"{mail.path.name}: <{element.tag} class={element.get('class')}>"
        kept = "".join(mail.root.xpath("//style/text()"))
        assert "prefers-color-scheme: dark" in kept
        assert "max-width" in kept
        styles = kept + " ".join(mail.root.xpath("//@style"))
        assert not re.search(r"var\(|flex|grid|position|url\(|calc\(|!important.*\bstyle=", styles)
        assert "{{" not in mail.html + mail.text
        assert "None" not in of_class(mail.root, "by") + of_class(mail.root, "said")


def test_both_bodies_hold_the_same(demo: Demo) -> None:
    for mail in demo.mails:
        text = bare(mail.text)
        found = [line.strip() for line in mail.text.splitlines() if re.fullmatch(r"\s*https://\S+", line)]
        assert [link for link in found if link in mail.links] == mail.links
        assert {link for link in found if link not in mail.links} == set(mail.own.values())
        places = [text.index(bare(title)) for title in (*mail.cards, *mail.lines)]
        assert places == sorted(places)
        for said in (*mail.reasons, *of_class(mail.root, "by"), *of_class(mail.root, "said"), *of_class(mail.root, "remark")):
            assert bare(said) in text, (mail.path.name, said)
        for dateline in ("when", "count"):
            assert bare(of_class(mail.root, dateline)[0]) in text
        assert bare("1 Example Street, Anytown") in text
        assert "1 Example Street, Anytown" in words(mail.root)


def test_the_text_is_written_for_a_terminal(demo: Demo) -> None:
    for mail in demo.mails:
        lines = mail.text.splitlines()
        assert not [line for line in lines if len(line) > 72 and not re.fullmatch(r"\s*https://\S+", line)]
        assert not [line for line in lines if line != line.rstrip()]
        assert not re.search(r"<[a-z/!]|&[a-z]+;|&#", mail.text)
        numbers = [int(number) for number in re.findall(r"^ ?(\d+)\. ", mail.text, re.MULTILINE)]
        assert numbers == list(range(1, len(mail.links) + 1))


def test_the_subject_is_true(demo: Demo) -> None:
    for mail in demo.mails:
        found = re.fullmatch(r"(.+?)(…?), and (\d+) more", str(mail.message["Subject"]))
        assert found, mail.message["Subject"]
        assert bare(mail.cards[0]).casefold().startswith(bare(found[1]).casefold())
        assert int(found[3]) == len(mail.cards) - 1
        assert len(str(mail.message["Subject"])) <= 78
    assert len({str(mail.message["Subject"]) for mail in demo.mails}) > len(demo.mails) / 2


def test_the_preheader_is_true_and_not_the_subject_again(demo: Demo) -> None:
    titles = re.compile(r"[^·]+")
    for mail in demo.mails:
        (element,) = mail.root.find_class("preheader")
        said = words(element).replace("\u034f", "").replace("\u200c", "").strip("\xa0 ")
        for one in titles.findall(said):
            known = bare(one).strip("….\xa0").casefold()
            assert any(bare(title).casefold().startswith(known) for title in mail.cards[1:]), (mail.path.name, one)
        assert bare(mail.cards[0]) not in bare(said)


def test_the_dateline_counts_the_cards(demo: Demo) -> None:
    for mail in demo.mails:
        assert of_class(mail.root, "when") == [f"{mail.day:%A}, {mail.day.day} {mail.day:%B %Y}"]
        found = re.fullmatch(r"(\d+) of ([\d,]+) new papers", of_class(mail.root, "count")[0])
        assert found
        assert int(found[1]) == len(mail.cards)
        assert int(found[2].replace(",", "")) >= len(mail.links)
