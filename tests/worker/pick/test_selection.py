"""Selection: who gets what, why, and when nobody gets mail."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.worker.pick.offers import DAY, HOUR, NOW, a_paper, a_reader, chosen, from_papers, ids, picked
from tests.worker.pick.plain import Plain
from worker.ingest.papers import Paper
from worker.pick.choices import Quiet
from worker.pick.readers import Reader
from worker.pick.selection import MORE, select, window


@pytest.mark.parametrize(
    ("last", "hours"),
    [(NOW - 20 * HOUR, 72), (NOW - 72 * HOUR, 72), (NOW - 100 * HOUR, 100), (NOW - 30 * DAY, 192), (None, 192), (NOW + HOUR, 72)],
)
def test_papers_are_new_since_the_last_digest_but_at_least_72_hours_and_at_most_8_days(last: datetime | None, hours: int) -> None:
    assert window(last, NOW) == NOW - timedelta(hours=hours)


def test_what_fits_comes_first_the_rest_trends_and_further_matches_are_lines() -> None:
    robots = [a_paper(number, "robot", votes=number) for number in range(1, 9)]
    others = [a_paper(number, votes=number) for number in range(11, 19)]
    selection = chosen(a_reader(keywords=("robot",), for_you=5, trending=5), robots + others)
    assert ids(selection.for_you) == [8, 7, 6, 5, 4]
    assert ids(selection.trending) == [18, 17, 16, 15, 14]
    assert ids(selection.more) == [3, 2, 1]
    assert {choice.reason for choice in (*selection.for_you, *selection.more)} == {"keyword robot"}
    assert selection.candidates == 16
    assert selection.matched


def test_a_paper_that_fits_and_trends_is_shown_once() -> None:
    selection = chosen(a_reader(keywords=("robot",)), [a_paper(1, "robot", votes=99), a_paper(2, votes=5), a_paper(3, votes=4)])
    assert (ids(selection.for_you), ids(selection.trending)) == ([1], [2, 3])


def test_a_paper_the_reader_had_is_never_sent_again() -> None:
    papers = [a_paper(number, "robot", votes=number) for number in range(1, 9)]
    selection = chosen(a_reader(keywords=("robot",), had=frozenset({8, 6, 1, 4711})), papers)
    assert set(selection.paper_ids) == {2, 3, 4, 5, 7}


def test_a_muted_paper_is_shown_nowhere_not_even_pinned() -> None:
    papers = [a_paper(1, "crypto robot", votes=99), *(a_paper(number, "robot", votes=number) for number in range(2, 9))]
    selection = chosen(a_reader(keywords=("robot",), mutes=("crypto",)), papers, pins=[1])
    assert 1 not in selection.paper_ids
    assert selection.candidates == 7


def test_a_hidden_paper_is_shown_nowhere() -> None:
    papers = [a_paper(number, votes=number) for number in range(1, 9)]
    assert 8 not in chosen(a_reader(), papers, hides=[8]).paper_ids


def test_what_the_operator_pinned_leads_the_trending_part_and_is_not_offered_twice() -> None:
    papers = [a_paper(number, "robot" if number < 3 else "", votes=number) for number in range(1, 9)]
    selection = chosen(a_reader(keywords=("robot",), trending=2), papers, pins=[1, 3])
    assert [(choice.paper_id, choice.reason) for choice in selection.trending] == [(3, "picked by the editor"), (1, "picked by the editor")]
    assert ids(selection.for_you) == [2]


def test_a_pin_is_new_to_whoever_did_not_have_it() -> None:
    papers = [a_paper(1, seen=NOW - 6 * DAY), *(a_paper(number, votes=number) for number in range(2, 6))]
    assert ids(chosen(a_reader(), papers, pins=[1]).trending)[0] == 1
    assert 1 not in chosen(a_reader(had=frozenset({1})), papers, pins=[1]).paper_ids


def test_several_topics_share_the_cards_even_when_one_would_fill_them_all() -> None:
    robots = [a_paper(number, "robot", votes=100 + number) for number in range(1, 101)]
    qubits = [a_paper(200 + number, "qubit", votes=0) for number in range(3)]
    galaxy = [a_paper(300, "galaxy")]
    selection = chosen(a_reader(topics=("robotics", "quantum", "astronomy"), for_you=5), robots + qubits + galaxy)
    assert sorted(ids(selection.for_you)) == [99, 100, 200, 201, 300]
    assert {choice.reason for choice in selection.for_you} == {"Robotics", "Quantum computing", "Astrophysics"}


def test_one_topic_fills_the_cards_when_the_others_have_nothing() -> None:
    selection = chosen(a_reader(topics=("robotics", "quantum", "astronomy")), [a_paper(number, "robot") for number in range(1, 9)])
    assert len(selection.for_you) == 5
    assert selection.still == ("Quantum computing", "Astrophysics")


def test_a_topic_whose_papers_were_all_sent_before_has_nothing_new() -> None:
    papers = [a_paper(1, "robot"), *(a_paper(number, "qubit") for number in range(2, 9))]
    assert chosen(a_reader(topics=("robotics", "quantum"), had=frozenset({1})), papers).still == ("Robotics",)


def test_a_topic_that_left_the_catalogue_is_passed_over() -> None:
    papers = [a_paper(number, "robot") for number in range(1, 9)]
    assert chosen(a_reader(topics=("phlogiston", "robotics")), papers).still == ()


def test_near_duplicates_are_kept_apart_and_the_better_one_stays() -> None:
    words = "a survey of learning to grasp slippery objects with a soft robot hand under uncertain friction"
    twins = [Paper(id=n, key=f"arxiv:{n}", title=words, abstract=f"{words} v{n}", first_seen_at=NOW, votes=n) for n in (1, 2, 3)]
    papers = [*twins, *(a_paper(number, votes=50) for number in range(11, 16))]
    for reader in (a_reader(), a_reader(keywords=("robot",)), a_reader(keywords=("robot",), for_you=0, trending=0)):
        assert sum(paper in (1, 2, 3) for paper in chosen(reader, papers).paper_ids) == 1
    assert ids(chosen(a_reader(keywords=("robot",)), papers).for_you) == [3]


def test_fits_within_a_tenth_are_decided_by_votes_and_greater_ones_are_not() -> None:
    papers = [a_paper(1, "robot", votes=1), a_paper(2, "robot", votes=80), a_paper(3, "robot qubit", votes=0), a_paper(4, votes=5)]
    selection = chosen(a_reader(keywords=("robot", "qubit")), papers)
    assert ids(selection.for_you) == [3, 2, 1]


def test_when_nothing_matches_the_trending_part_comes_and_says_so() -> None:
    selection = chosen(a_reader(keywords=("phlogiston",), topics=("quantum",)), [a_paper(number, votes=number) for number in range(1, 9)])
    assert not selection.matched
    assert (selection.for_you, selection.more) == ((), ())
    assert ids(selection.trending) == [8, 7, 6, 5, 4]
    assert selection.still == ("Quantum computing",)


def test_who_follows_nothing_gets_a_trending_part_of_both_sizes() -> None:
    selection = chosen(a_reader(for_you=3, trending=4), [a_paper(number, votes=number) for number in range(1, 9)])
    assert ids(selection.trending) == [8, 7, 6, 5, 4, 3, 2]
    assert selection.matched


def test_sizes_are_the_readers_own_and_lines_are_bounded() -> None:
    papers = [a_paper(number, "robot", votes=number) for number in range(1, 41)]
    selection = chosen(a_reader(keywords=("robot",), for_you=2, trending=0), papers)
    assert (len(selection.for_you), len(selection.trending), len(selection.more)) == (2, 0, MORE)
    lines = chosen(a_reader(keywords=("robot",), for_you=0, trending=0), papers)
    assert (len(lines.for_you), len(lines.trending), len(lines.more)) == (0, 0, MORE)


@pytest.mark.parametrize(
    ("reader", "papers", "words"),
    [
        (a_reader(), [], "nothing new since Sunday"),
        (a_reader(), [a_paper(1, votes=99)], "only 1 new paper since Sunday"),
        (a_reader(keywords=("robot",)), [a_paper(1, "robot"), a_paper(2)], "only 2 new papers since Sunday"),
        (a_reader(keywords=("robot",), trending=0), [a_paper(1), a_paper(2), a_paper(3)], "none of 3 new papers since Sunday matches"),
        (a_reader(keywords=("robot",), trending=0), [a_paper(1)], "the only new paper since Sunday does not match"),
        (a_reader(since=NOW - 8 * DAY), [a_paper(1)], "only 1 new paper since 9 June"),
        (a_reader(had=frozenset({1, 2, 3})), [a_paper(1), a_paper(2), a_paper(3)], "nothing new since Sunday"),
        (a_reader(for_you=0, trending=0), [a_paper(1)], "only 1 new paper since Sunday"),
        (a_reader(last_digest_at=NOW - DAY), [a_paper(n, seen=NOW - 2 * DAY) for n in range(1, 20)], "nothing new since yesterday"),
        (a_reader(last_digest_at=NOW - HOUR), [a_paper(1)], "nothing new today"),
        (
            a_reader(last_digest_at=NOW - DAY, keywords=("robot",), trending=0),
            [a_paper(1, "robot", seen=NOW - 2 * DAY), a_paper(2), a_paper(3)],
            "none of 2 new papers since yesterday matches",
        ),
    ],
)
def test_too_little_new_is_a_quiet_day_with_its_reason(reader: Reader, papers: list[Paper], words: str) -> None:
    assert picked(reader, papers) == Quiet(words)


def test_what_lost_before_is_no_reason_to_write_but_comes_along() -> None:
    before = [a_paper(number, votes=number, seen=NOW - 2 * DAY) for number in range(1, 5)]
    news = [a_paper(number, votes=20) for number in range(11, 14)]
    reader = a_reader(last_digest_at=NOW - DAY, trending=5, for_you=0)
    assert ids(chosen(reader, before + news).trending) == [11, 12, 13, 4, 3]
    assert picked(reader, before + news[:2]) == Quiet("only 2 new papers since yesterday")


@pytest.mark.parametrize(
    "reader", [a_reader(for_you=1, trending=0), a_reader(for_you=0, trending=1), a_reader(keywords=("robot",), for_you=5, trending=0)]
)
def test_who_chose_little_or_matches_alone_gets_a_mail_for_one_paper(reader: Reader) -> None:
    assert len(chosen(reader, [a_paper(1, "robot")]).paper_ids) == 1


def test_the_quiet_days_before_are_passed_on() -> None:
    assert chosen(a_reader(quiet_days=("Tue 16 June",)), [a_paper(number) for number in range(1, 4)]).quiet_days == ("Tue 16 June",)


def test_no_readers_and_no_papers_are_no_fault() -> None:
    assert select([], from_papers([a_paper(1)]), NOW) == []
    assert picked(a_reader(topics=("robotics",), keywords=("x-ray",), mutes=("y",), liked={3: " today"}), []) == Quiet(
        "nothing new since Sunday"
    )


def test_at_seven_in_tokyo_a_reader_gets_papers_with_the_votes_of_the_day_that_ends_elsewhere() -> None:
    """07:00 on the 17th in Tokyo is 22:00 UTC on the 16th."""
    due = datetime(2026, 6, 16, 22, 0, tzinfo=UTC)
    today, before = (datetime(2026, 6, day, 1, tzinfo=UTC) for day in (16, 15))
    papers = [a_paper(1, votes=150, seen=today), a_paper(2, votes=73, seen=today), a_paper(3, votes=89, seen=before), a_paper(4, seen=due)]
    reader = a_reader(since=window(due - DAY, due), today=date(2026, 6, 17))
    told = {choice.paper_id: choice.reason for choice in chosen(reader, papers, due).trending}
    assert told == {
        1: "most voted since yesterday, 150 votes",
        3: "2nd most voted since Monday, 89 votes",
        2: "2nd most voted since yesterday, 73 votes",
        4: "new on arXiv yesterday",
    }


def test_a_weekly_reader_sees_the_whole_week() -> None:
    papers = [a_paper(number, votes=10 * number, seen=NOW - number * DAY) for number in range(1, 10)]
    weekly = chosen(a_reader(since=window(NOW - 7 * DAY, NOW), for_you=0, trending=10), papers)
    daily = chosen(a_reader(since=window(NOW - 1 * DAY, NOW), for_you=0, trending=10), papers)
    assert sorted(ids(weekly.trending)) == [1, 2, 3, 4, 5, 6, 7]
    assert sorted(ids(daily.trending)) == [1, 2, 3]


def test_votes_that_come_a_day_late_still_bring_a_paper_to_who_did_not_get_it() -> None:
    """It was seen on Monday, lost against five others on Tuesday morning, and rose on Tuesday afternoon."""
    monday = NOW - 46 * HOUR
    rivals = [a_paper(number, votes=30 + number, seen=monday) for number in range(1, 6)]
    reader = a_reader(for_you=0, trending=5, since=window(NOW - 2 * DAY, NOW - DAY))
    tuesday = chosen(reader, [*rivals, a_paper(9, votes=2, seen=monday)], NOW - DAY)
    assert 9 not in tuesday.paper_ids
    fresh = [a_paper(number, votes=number, seen=NOW - 6 * HOUR) for number in range(11, 14)]
    had = frozenset(tuesday.paper_ids)
    wednesday = chosen(
        a_reader(for_you=0, trending=5, since=window(NOW - DAY, NOW), had=had), [*rivals, a_paper(9, votes=60, seen=monday), *fresh]
    )
    assert ids(wednesday.trending) == [9, 13, 12, 11]
    assert wednesday.trending[0].reason == "most voted since Monday, 60 votes"


def test_a_like_is_a_reason_too() -> None:
    liked = a_paper(1, "learning to grasp slippery objects with soft hands under friction")
    alike = Paper(
        id=2, key="arxiv:2", title="soft hands grasp slippery objects with more friction and fewer fingers", abstract="", first_seen_at=NOW
    )
    papers = [liked, alike, *(a_paper(number) for number in range(3, 9))]
    selection = chosen(a_reader(liked={1: " on Tuesday"}, had=frozenset({1})), papers)
    assert ids(selection.for_you) == [2]
    assert selection.for_you[0].reason.endswith("”, which you liked on Tuesday")


WORDS = ("robot", "qubit", "galaxy", "crypto", "mamba")
PAPERS = st.lists(st.tuples(st.sets(st.sampled_from(WORDS)), st.integers(0, 40), st.integers(0, 9 * 24)), min_size=1, max_size=40).map(
    lambda rows: [
        a_paper(n, " ".join(sorted(words)), votes=votes, seen=NOW - hours * HOUR) for n, (words, votes, hours) in enumerate(rows, 1)
    ]
)
READER = st.builds(
    a_reader,
    since=st.integers(72, 192).map(lambda hours: NOW - hours * HOUR),
    topics=st.lists(st.sampled_from(["robotics", "quantum", "astronomy", "gone"]), unique=True).map(tuple),
    keywords=st.lists(st.sampled_from(WORDS), unique=True, max_size=3).map(tuple),
    mutes=st.lists(st.sampled_from(WORDS), unique=True, max_size=1).map(tuple),
    for_you=st.integers(0, 7),
    trending=st.integers(0, 7),
    had=st.frozensets(st.integers(1, 45), max_size=12),
    last_digest_at=st.none() | st.integers(20, 200).map(lambda hours: NOW - hours * HOUR),
    liked=st.dictionaries(st.integers(1, 45), st.just(" on Tuesday"), max_size=2),
    disliked=st.lists(st.integers(1, 45), max_size=2).map(tuple),
)
MARKED = st.frozensets(st.integers(1, 45), max_size=3)


@settings(max_examples=150)
@given(PAPERS, st.lists(READER, min_size=1, max_size=6), MARKED, MARKED)
def test_whatever_comes_no_paper_twice_and_nothing_had_muted_or_hidden(
    papers: list[Paper], readers: list[Reader], pins: frozenset[int], hides: frozenset[int]
) -> None:
    by_id = {paper.id: paper for paper in papers}
    for reader, made in zip(readers, select(readers, from_papers(papers, pins=pins, hides=hides), NOW), strict=True):
        if isinstance(made, Quiet):
            continue
        shown = made.paper_ids
        assert len(set(shown)) == len(shown) > 0
        assert not set(shown) & ({*reader.had} | hides)
        assert not [paper for paper in shown if set(reader.mutes) & set(by_id[paper].title.split())]
        assert not [paper for paper in shown if by_id[paper].first_seen_at < reader.since and paper not in pins]
        assert len(made.for_you) <= reader.for_you
        assert len(made.trending) <= reader.trending + (0 if reader.asks else reader.for_you)
        assert len(made.more) <= MORE
        assert all(choice.reason for choice in (*made.for_you, *made.trending, *made.more))
        assert made.candidates >= len(shown)


@settings(max_examples=60, deadline=None)
@given(PAPERS, st.lists(st.integers(1, 40), max_size=12), st.lists(READER, min_size=1, max_size=6), MARKED, MARKED)
def test_a_block_of_readers_gets_what_each_would_get_by_the_plain_rules(
    papers: list[Paper], alike: list[int], readers: list[Reader], pins: frozenset[int], hides: frozenset[int]
) -> None:
    """Near-duplicates among them: those named take the words of the first of these."""
    words = "a survey of learning to grasp slippery objects with a soft robot hand under uncertain friction"
    offered = [
        replace(paper, title=words if paper.id % 2 else f"qubit {words}", abstract=words) if paper.id in alike else paper
        for paper in papers
    ]
    candidates = from_papers(offered, pins=pins, hides=hides)
    assert select(readers, candidates, NOW) == [Plain(reader, candidates, NOW).outcome() for reader in readers]


@settings(max_examples=60)
@given(st.data(), PAPERS, st.lists(READER, min_size=1, max_size=6), MARKED)
def test_a_choice_depends_on_nobody_else_and_on_no_order(
    data: st.DataObject, papers: list[Paper], readers: list[Reader], pins: frozenset[int]
) -> None:
    together = select(readers, from_papers(papers, pins=pins), NOW)
    shuffled = data.draw(st.permutations(papers))
    assert [picked(reader, shuffled, pins=pins) for reader in readers] == together
    order = data.draw(st.permutations(range(len(readers))))
    assert select([readers[place] for place in order], from_papers(shuffled, pins=pins), NOW) == [together[place] for place in order]
