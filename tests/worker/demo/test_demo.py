"""The demo's mails, judged as a stranger judges them: on the wire, as a page, as text, and beside each other."""

import re
from collections import Counter
from itertools import combinations, pairwise
from zoneinfo import ZoneInfo

import html5lib
import pytest

from tests.worker.demo.played import Demo, Mail
from tests.worker.render.builders import of_class, words
from worker.demo.house import SITE
from worker.demo.readers import DOZEN
from worker.demo.week import PAGE, listings
from worker.ingest.papers import title_key

ONCE = ("From", "To", "Subject", "Date", "Message-ID", "List-Id", "List-Unsubscribe", "List-Unsubscribe-Post", "Auto-Submitted")
CLIPPED = 90_000  # bytes of HTML; Gmail cuts a mail at about 102,000
BARRED = {"script", "img", "iframe", "object", "embed", "form", "input", "video", "audio", "svg", "link", "base"}


def bare(text: str) -> str:
    """`text` without what wrapping adds."""
    return "".join(text.split())


def test_everybody_got_mail_at_the_hour_they_asked_for(demo: Demo) -> None:
    assert {mail.address for mail in demo.mails} == {address for address, _ in DOZEN}
    for mail in demo.mails:
        local = mail.sent_at.astimezone(ZoneInfo(mail.choices.zone))
        assert (local.date(), local.hour, local.minute) == (mail.day, mail.choices.hour, 0)
        if mail.choices.cadence == "weekly":
            assert local.weekday() == mail.choices.weekday
        if mail.choices.cadence == "weekdays":
            assert local.weekday() < 5
    assert len(demo.mails) > 40
    assert Counter(mail.address for mail in demo.mails)["oliver.grant@example.org"] == 1


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


def test_nobody_gets_a_paper_twice(demo: Demo) -> None:
    for address, _ in DOZEN:
        links = [link for mail in demo.of(address) for link in mail.links]
        titles = [title_key(title) for mail in demo.of(address) for title in mail.cards]
        assert len(links) == len(set(links)), address
        assert len(titles) == len(set(titles)), address


def test_every_mail_is_its_readers_own(demo: Demo) -> None:
    for mail in demo.mails:
        whole = mail.html + mail.text
        assert mail.address in mail.html
        assert mail.address in mail.text
        assert not [address for address, _ in DOZEN if address != mail.address and address in whole]
    tokens = [link for mail in demo.mails for link in (mail.own["View in browser"],)]
    assert len(set(tokens)) == len(tokens)


def test_readers_who_asked_for_different_things_got_different_things(demo: Demo) -> None:
    by_day = {(mail.day, mail.address): mail for mail in demo.mails}
    asking = [(mail, other) for mail, other in combinations(by_day.values(), 2) if mail.day == other.day and mail.address != other.address]
    assert len(asking) > 100
    for mail, other in asking:
        if "For you" in mail.sections and "For you" in other.sections:
            assert set(mail.sections["For you"]) != set(other.sections["For you"])
            assert mail.message["Subject"] != other.message["Subject"]
    readers = [{link for mail in demo.of(address) for link in mail.links} for address, _ in DOZEN]
    shared = [len(one & other) / len(one | other) for one, other in combinations(readers, 2)]
    assert sorted(shared)[len(shared) // 2] < 0.2


def test_the_sizes_are_the_readers_own(demo: Demo) -> None:
    for mail in demo.mails:
        own, trending = len(mail.sections.get("For you", ())), len(mail.sections.get("Trending today", ()))
        asks = mail.choices.topics or mail.choices.keywords or mail.choices.authors
        assert own <= mail.choices.for_you
        assert trending <= mail.choices.trending + (0 if asks else mail.choices.for_you)
        if own < mail.choices.for_you:
            assert not mail.lines


def test_every_reason_names_what_the_reader_asked_for_or_what_others_did(demo: Demo) -> None:
    for mail in demo.mails:
        own = mail.reasons[: len(mail.sections.get("For you", ()))]
        asked = (*mail.choices.keywords, *mail.choices.authors)
        for reason in own:
            assert not re.search(r"votes?\b", reason), reason
            for part in reason.split("; "):
                assert part[0].isalnum()
                if found := re.fullmatch(r"(?:keyword|by) (.+)", part, re.IGNORECASE):
                    assert found[1] in asked, (mail.address, part)
        for reason in mail.reasons[len(own) :]:
            assert re.match(r"(\d+(st|nd|rd|th) m|M)ost voted |\d+ votes? |New on ", reason), reason
        assert all(reason[0].isupper() or reason[0].isdigit() for reason in mail.reasons)


def test_one_asked_for_nothing_and_one_for_what_nobody_wrote(demo: Demo) -> None:
    for mail in demo.of("sam.reyes@example.org"):
        assert list(mail.sections) == ["Trending today"]
        assert of_class(mail.root, "remark") == []
    for mail in demo.of("chloe.martin@example.org"):
        assert "For you" not in mail.sections
        assert of_class(mail.root, "remark") == ["Nothing new matched what you asked for, so here is what others read."]


def test_what_was_muted_is_not_shown(demo: Demo) -> None:
    abstracts = {title_key(record.title): f"{record.title} {record.abstract}" for records in listings().values() for record in records}
    for mail in demo.of("amara.okafor@example.org"):
        for title in mail.cards:
            said = abstracts.get(title_key(title)) or title
            assert not re.search(r"\bbenchmarks?\b", said, re.IGNORECASE), title


def test_who_follows_people_is_told_whom(demo: Demo) -> None:
    told = {reason for mail in demo.of("daniel.kim@example.org") for reason in mail.reasons if " by " in f" {reason}".lower()}
    assert any("Yejin Choi" in reason for reason in told)
    assert any("Jan Kautz" in reason for reason in told)


def test_the_sample_page_is_among_them_with_links_that_search(demo: Demo) -> None:
    sample = {title_key(record.title) for records in listings().values() for record in records if record.source == PAGE}
    assert len(sample) == 78
    shown = {title_key(title) for mail in demo.mails for title in mail.cards}
    assert shown & sample
    searching = {link for mail in demo.mails for link in mail.links if "/search/" in link}
    assert searching
    assert all(re.match(r"https://arxiv\.org/search/\?query=%22.+%22&searchtype=title$", link) for link in searching)


def test_nothing_of_tex_or_of_templates_is_left(demo: Demo) -> None:
    for mail in demo.mails:
        for said in (*mail.cards, *mail.lines, *of_class(mail.root, "said"), *of_class(mail.root, "by")):
            assert not re.search(r"\\[a-zA-Z]+|\$[^$\d]|\{[^}]*\}\}|\s,", said), (mail.path.name, said)
            assert said == said.strip()


@pytest.mark.parametrize("ending", ["html", "txt"])
def test_beside_each_mail_lie_its_parts(demo: Demo, ending: str) -> None:
    assert {path.stem for path in demo.folder.glob(f"*.{ending}")} - {"index"} == {mail.path.stem for mail in demo.mails}
    for mail in demo.mails:
        beside = mail.path.with_suffix(f".{ending}")
        assert mail.path.with_name(f"{mail.path.stem}.{ending}").read_text(encoding="utf-8") == (
            mail.html if ending == "html" else mail.text
        ), beside


def test_the_terminal_tells_who_got_what_and_why(demo: Demo) -> None:
    for address, choices in DOZEN:
        mails = demo.of(address)
        assert choices.name in demo.said
        got = f"{len(mails)} {'mail' if len(mails) == 1 else 'mails'} with {sum(len(mail.links) for mail in mails)} papers"
        assert got in demo.said.split(choices.name)[1].split("\n  got")[1].splitlines()[0]
    assert re.search(r"such as +“.+”, because: keyword mamba", demo.said)
    assert "no mail    Sat 20: nothing new since yesterday; Sun 21: nothing new since Friday" in demo.said
    assert [line.split()[0] for line in demo.said.splitlines()[:8]] == ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun", "Mon"]


def test_the_account_is_what_the_mails_say(demo: Demo) -> None:
    papers = sum(len(mail.links) for mail in demo.mails)
    assert f"nobody got a paper twice: {papers} papers handed to 12 readers, 0 of them again; {papers} links" in demo.said
    spared = re.search(rf"(\d+) = {len(demo.mails)} mails \+ (\d+) spared, each with a reason", demo.said)
    assert spared
    assert int(spared[1]) == len(demo.mails) + int(spared[2])
    assert re.search(r"every wave adds up: \d\d waves, 0 off", demo.said)
    assert f"{len(demo.mails)} in the Maildir" in demo.said
    assert "78 papers read in" in demo.said


def test_it_says_where_to_look_and_what_comes_next(demo: Demo) -> None:
    assert "look at  out/demo/index.html\n" in demo.said
    assert demo.said.rstrip().endswith("./paperboy up")
    assert all(isinstance(mail, Mail) for mail in demo.mails)
