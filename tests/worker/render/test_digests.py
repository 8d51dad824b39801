"""A digest says what is in it, shows every paper in both bodies, fits, and tells the reader what it does not show."""

import re
from dataclasses import replace

import html5lib
import pytest

from tests.worker.render.builders import (
    BASE,
    TOKEN,
    a_paper,
    a_press,
    a_selection,
    a_week_selection,
    an_addressee,
    bodies,
    links,
    of_class,
    received,
    some_papers,
    the_week,
    tree,
)
from worker.pick.choices import Choice, Selection
from worker.render.digests import BUDGET, NothingToShow
from worker.render.message import Parts
from worker.render.plain import WIDTH, columns


def the_parts(selection: Selection | None = None, note: str = "") -> Parts:
    return a_press().digest(selection or a_week_selection(), the_week(), an_addressee(), note).parts()


def test_the_subject_says_what_is_in_it() -> None:
    assert the_parts().subject == "LoopCoder-v2: only loop once, and 9 more"


def test_a_lone_paper_needs_no_more() -> None:
    papers = some_papers(1)
    parts = a_press().digest(a_selection(papers, candidates=1), papers, an_addressee()).parts()
    assert parts.subject == "Paper 1: A Title"
    assert of_class(tree(parts.html), "count") == ["1 new paper"]
    assert of_class(tree(parts.html), "preheader")[0].startswith("We propose a method that sees")


def test_the_preheader_names_the_next_titles() -> None:
    (preheader,) = of_class(tree(the_parts().html), "preheader")
    assert preheader.startswith("ACE-Ego-0: Unifying Egocentric Human and Robotic Data · OPD-Evolver: Cultivating")


def test_the_head_says_name_date_and_count() -> None:
    parts = the_parts()
    root = tree(parts.html)
    assert (of_class(root, "name"), of_class(root, "when"), of_class(root, "count")) == (
        ["Paperboy"],
        ["Wednesday, 17 June 2026"],
        ["10 of 412 new papers"],
    )
    assert parts.text.startswith("PAPERBOY\nWednesday, 17 June 2026 · 10 of 412 new papers\n")
    assert root.get("lang") == "en"
    assert root.findtext(".//title") == parts.subject


def test_sections_stand_in_order_and_an_empty_one_is_left_out() -> None:
    assert of_class(tree(the_parts().html), "heading") == ["For you", "Trending today", "More that matches"]
    without = replace(a_week_selection(), for_you=(), more=())
    assert of_class(tree(the_parts(without).html), "heading") == ["Trending today"]


def test_every_paper_stands_in_both_bodies_once_with_its_link() -> None:
    parts = the_parts()
    titled = [element.get("href") for element in tree(parts.html).find_class("headline")]
    expected = [the_week()[number].url for number in a_week_selection().paper_ids]
    assert titled == expected
    assert re.findall(r"^    (https://huggingface\S+)$", parts.text, re.MULTILINE) == expected


def test_the_text_part_is_numbered_and_72_columns_wide() -> None:
    text = the_parts().text
    assert [int(number) for number in re.findall(r"^ ?(\d+)\. ", text, re.MULTILINE)] == list(range(1, 19))
    assert all(columns(line) <= WIDTH or re.fullmatch(r" *https://\S+", line) for line in text.splitlines())
    assert " 1. Language models; keyword loop\n    LoopCoder-v2: Only Loop Once" in text


def test_a_card_shows_reason_title_authors_contribution_and_links() -> None:
    paper = a_paper(
        7,
        authors=("Ada Lovelace", "Alan Turing", "Grace Hopper", "Emmy Noether"),
        organisation="Analytical Society",
        repository="https://github.com/ada/engine",
        stars=1_234,
    )
    root = tree(a_press().digest(a_selection({7: paper}), {7: paper}, an_addressee()).parts().html)
    assert of_class(root, "reason") == ["Robotics; keyword sight"]
    assert of_class(root, "title") == ["Paper 7: A Title"]
    assert of_class(root, "by") == ["Ada Lovelace, Alan Turing, Grace Hopper et al. · Analytical Society"]
    assert of_class(root, "said")[0].startswith("We propose a method")
    assert of_class(root, "label") == []
    assert of_class(root, "links") == ["Paper · PDF · Code ★ 1.2k"]
    votes = f"{BASE}/digests/{TOKEN}/papers/7"
    assert [element.get("href") for element in root.find_class("vote")] == [f"{votes}/more", f"{votes}/less"]


def test_a_summary_is_labelled() -> None:
    papers = {8: a_paper(8, summary="It sees.")}
    parts = a_press().digest(a_selection(papers), papers, an_addressee()).parts()
    assert of_class(tree(parts.html), "said") == ["AI summary: It sees."]
    assert "    AI summary: It sees.\n" in parts.text


def test_a_paper_with_nothing_but_a_title_has_no_empty_lines() -> None:
    papers = {9: a_paper(9, abstract="", authors=(), pdf_url=None, url="")}
    root = tree(a_press().digest(a_selection(papers), papers, an_addressee()).parts().html)
    assert (of_class(root, "by"), of_class(root, "said"), of_class(root, "links")) == ([], [], [""])


def test_a_new_revision_is_a_new_card() -> None:
    for revision, title in ((1, "First"), (2, "Second")):
        papers = {10: a_paper(10, title=title, revision=revision)}
        parts = a_press().digest(a_selection(papers), papers, an_addressee()).parts()
        assert of_class(tree(parts.html), "title") == [title]


def test_the_mail_says_what_it_does_not_show() -> None:
    papers = some_papers(1)
    selection = a_selection(papers, matched=False, still=("Robotics", "Theory"), quiet_days=("Mon 15", "Tue 16", "Wed 17 June"))
    parts = a_press().digest(selection, papers, an_addressee(), note="Editor's <note>.").parts()
    root = tree(parts.html)
    assert of_class(root, "saying") == ["Editor's <note>."]
    assert of_class(root, "remark") == [
        "No mail on Mon 15, Tue 16 and Wed 17 June: too little was new.",
        "Nothing new matched what you asked for, so here is what others read.",
        "Nothing new in: Robotics, Theory.",
    ]
    assert all(said in " ".join(parts.text.split()) for said in (*of_class(root, "remark"), *of_class(root, "saying")))


def test_the_foot_tells_who_gets_it_why_and_how_to_leave() -> None:
    parts = the_parts()
    foot = " ".join(of_class(tree(parts.html), "foot-text"))
    for said in (
        "This goes to ada@example.org",
        "subscribed to Paperboy at papers.example.org",
        "Get your own",
        "Example Ltd, 1 High Street",
    ):
        assert said in foot
    own = {f"{BASE}/preferences/{TOKEN}", f"{BASE}/unsubscribe/{TOKEN}", f"{BASE}/digests/{TOKEN}", f"{BASE}/"}
    assert own <= set(links(tree(parts.html)))
    assert own <= set(parts.text.split())


def test_two_readers_of_the_same_papers_get_their_own_links_alone() -> None:
    other = an_addressee(address="alan@example.org", urls=replace(an_addressee().urls, votes=f"{BASE}/digests/other/papers/"))
    parts = a_press().digest(a_week_selection(), the_week(), other).parts()
    assert f"{TOKEN}/papers" not in parts.html
    assert "ada@example.org" not in parts.html + parts.text


def test_a_long_digest_is_cut_before_90_kb_and_links_the_rest() -> None:
    papers = some_papers(60, abstract="We propose " + "a very long and winding road " * 40)
    message = a_press().digest(a_selection(papers), papers, an_addressee())
    root, text = tree(message.parts().html), message.parts().text
    shown = len(of_class(root, "title"))
    assert BUDGET * 0.9 < len(message.wire()) < BUDGET
    (link,) = [element for element in root.find_class("link") if "in your browser" in str(element.text)]
    assert (link.text, link.get("href")) == (f"{60 - shown} more in your browser", f"{BASE}/digests/{TOKEN}")
    assert text.count("https://arxiv.org") == shown
    assert f"{60 - shown} more in your browser\n    {BASE}/digests/{TOKEN}\n" in text


def test_a_real_digest_stays_far_below_what_clients_clip() -> None:
    assert len(a_press().digest(a_week_selection(), the_week(), an_addressee()).wire()) < 60_000


def test_a_paper_that_is_gone_is_left_out() -> None:
    papers = some_papers(3)
    selection = a_selection(papers)
    del papers[1]
    parts = a_press().digest(selection, papers, an_addressee()).parts()
    assert of_class(tree(parts.html), "title") == ["Paper 2: A Title", "Paper 3: A Title"]
    assert parts.subject == "Paper 2: A Title, and 1 more"


def test_nothing_at_hand_is_nothing_to_show() -> None:
    with pytest.raises(NothingToShow, match=r"\[5\]"):
        a_press().digest(Selection(for_you=(Choice(5, ""),)), {}, an_addressee())


def test_lines_alone_make_a_digest() -> None:
    papers = some_papers(2)
    selection = Selection(more=(Choice(1, ""), Choice(2, "")), candidates=9)
    assert a_press().digest(selection, papers, an_addressee()).parts().subject == "Paper 1: A Title, and 1 more"


def test_a_real_mail_is_html_that_a_strict_parser_takes() -> None:
    parser = html5lib.HTMLParser(strict=True)
    parser.parse(bodies(received(a_press().digest(a_week_selection(), the_week(), an_addressee(), "A note.")))[1])


def test_the_mail_fetches_nothing_and_lays_out_with_tables_for_presentation() -> None:
    html = the_parts(note="A note.").html
    root = tree(html)
    assert not re.search(r"<(img|link|script|iframe|video|svg|object)\b|url\(|@import|@font-face|background=", html)
    assert {table.get("role") for table in root.iter("table")} == {"presentation"}
    assert not re.search(r"display:\s*(flex|grid)", html)
    assert [str(element.tag) for element in root.iter("h1", "h2", "h3")][:3] == ["h1", "h2", "h3"]
    assert "<!--[if mso]><table" in html
    assert all(re.match("https://", link) for link in links(root))
