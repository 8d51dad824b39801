"""The demo's mails beside each other: who got what, when and why, and what the terminal says of it."""

import re
from collections import Counter
from itertools import combinations
from zoneinfo import ZoneInfo

import pytest

from tests.worker.demo.played import Demo, Mail
from tests.worker.render.builders import of_class
from worker.demo.readers import DOZEN
from worker.demo.week import PAGE, listings
from worker.ingest.papers import title_key


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
