"""`edition` and `trending`: the operator's hand on a day, and how it shows."""

import pytest

from tests.worker.commands.desk import Desk

TITLE = "Attention Is Not All You Need Anymore"


def test_a_pin_comes_first_in_trending_and_says_who_picked_it(stocked: Desk) -> None:
    assert f": {TITLE}" in stocked.done("edition", "pin", "attention is not all you need")
    first = stocked.done("trending", "--limit", "1").splitlines()[-1]
    assert TITLE in first
    assert "picked by the editor" in first


def test_what_is_hidden_is_marked_in_trending_without_a_terminal_too(stocked: Desk) -> None:
    stocked.done("edition", "hide", TITLE)
    [line] = [line for line in stocked.done("trending", "--limit", "100").splitlines() if TITLE in line]
    assert "hidden by the editor" in line


def test_marks_are_shown_and_taken_back_once(stocked: Desk) -> None:
    stocked.done("edition", "pin", TITLE)
    stocked.done("edition", "hide", "swin transformer: hierarchical")
    stocked.done("edition", "note", "A week of agents.")
    shown = stocked.done("edition", "show")
    assert "A week of agents." in shown
    assert f"pinned: {TITLE}" in shown
    assert "hidden: Swin Transformer" in shown
    assert stocked.run("edition", "unmark", TITLE).code == 0
    again = stocked.run("edition", "unmark", TITLE)
    assert again.code == 1
    assert "is neither pinned nor hidden" in again.err


def test_words_that_fit_several_papers_name_them_and_change_nothing(stocked: Desk) -> None:
    before = stocked.everything()
    said = stocked.run("edition", "pin", "Transformer")
    assert said.code == 1
    assert "may be one of these; give its key:" in said.err
    assert said.err.count("\n") == 11, "ten papers, one a line"
    assert stocked.everything() == before


@pytest.mark.parametrize("words", ["no such paper", "", " ", "2606.99999", "%", "' OR 1=1 --"])
def test_words_that_fit_no_paper_say_what_to_give(stocked: Desk, words: str) -> None:
    said = stocked.run("edition", "hide", words)
    assert said.code == 1
    assert said.err.count("\n") == 1
    assert "give an arXiv id, a link, or a piece of the title" in said.err


def test_a_note_too_long_for_a_digest_is_refused_whole(stocked: Desk) -> None:
    stocked.done("edition", "note", "The old one.")
    said = stocked.run("edition", "note", "long " * 400)
    assert said.code == 2
    assert "1999 letters; 1000 is the most" in said.err
    assert "The old one." in stocked.done("edition", "show")


def test_a_note_is_plain_text_and_an_empty_one_takes_it_away(stocked: Desk) -> None:
    assert "says: [red]loud[/] [2J one\n" in stocked.done("edition", "note", "[red]loud[/]\x1b[2J\n\n one")
    assert "has no note" in stocked.done("edition", "note", "")


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "1066-10-14"])
def test_a_day_that_has_no_edition_by_centuries_is_refused(stocked: Desk, day: str) -> None:
    for words in (("pin", TITLE), ("hide", TITLE), ("unmark", TITLE), ("note", "x"), ("show",)):
        said = stocked.run("edition", *words, "--day", day)
        assert said.code == 2
        assert "no edition is that far away" in said.err


def test_a_paper_that_digests_of_the_day_do_not_reach_cannot_be_pinned(stocked: Desk) -> None:
    said = stocked.run("edition", "pin", TITLE, "--day", "2199-01-01")
    assert said.code == 1
    assert "reach back" in said.err


def test_without_papers_trending_says_what_to_do(desk: Desk) -> None:
    assert "Nothing yet. Read the sources: paperboy ingest" in desk.done("trending")


def test_trending_without_a_terminal_cuts_no_title_short(stocked: Desk) -> None:
    lines = stocked.done("trending", "--limit", "78").splitlines()
    assert len(lines) == 80
    title = "Ladder-residual: parallelism-aware architecture for accelerating large model inference with communication overlapping"
    assert any(title in line for line in lines)


def test_topics_count_the_papers_at_hand_and_groups_are_named(stocked: Desk) -> None:
    said = stocked.done("topics", "--group", "LANG")
    assert "Language models" in said
    assert "Robotics" not in said
    wrong = stocked.run("topics", "--group", "[red]")
    assert wrong.code == 1
    assert "no group holds '[red]'; groups are: Language, " in wrong.err


def test_pinning_works_on_either_engine(either: Desk) -> None:
    either.done("edition", "pin", TITLE)
    either.done("edition", "note", "Both of them.")
    assert TITLE in either.done("edition", "show")
    assert TITLE in either.done("trending", "--limit", "1")
    assert "Language models" in either.done("topics")
