"""Which papers fit which reader, and why."""

import time
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subscribers.topics import Catalogue, Topic, bundled_catalogue
from tests.worker.pick.works import a_work, following, works
from worker.ingest.papers import Paper
from worker.pick.fit import CauseKind, Fit, fit, index, topic_counts
from worker.pick.readers import Reader
from worker.pick.topic_file import bundled_model
from worker.pick.topic_model import empty_model

ROBOTS = Topic(key="robots", name="Robots", group="G", line="L", categories=("cs.RO",), phrases=("robot",))
GRAPHS = Topic(key="graphs", name="Graphs", group="G", line="L", categories=("cs.LG",), phrases=("graph neural network",), hints=("node",))
MORE = Topic(key="more", name="More learning", group="G", line="L", categories=("cs.LG",), phrases=("lifelong learning",))
OURS = Catalogue((ROBOTS, GRAPHS, MORE))


def fitted(papers: Sequence[Paper], *readers: Reader) -> Fit:
    return fit(index(papers, OURS, empty_model()), readers)


def found(papers: Sequence[Paper], reader: Reader) -> list[int]:
    """The ids of the papers that fit the reader."""
    return [papers[column].id for column in fitted(papers, reader).scores[0].indices.tolist()]


@pytest.mark.parametrize(
    ("keyword", "title"),
    [
        ("state space model", "State-Space Models at scale"),
        ("state-space models", "A state space model"),
        ("LLM", "LLMs learn"),
        ("llms", "An LLM"),
        ("pre-training", "Pretraining again"),
        ("pretraining", "Pre training again"),
        ("data set", "A dataset"),
        ("Schrodinger", "Schrödinger bridges"),
        ("schrödinger bridge", r"Schr\"odinger Bridges"),
        ("C++", "Fast C++ code"),
        ("3-D", "3D scenes"),
        ("self supervised", "Self-Supervised"),
    ],
)
def test_a_keyword_is_found_whatever_its_case_hyphens_accents_and_number(keyword: str, title: str) -> None:
    assert found(works("Nothing of the kind", title), following(keywords=(keyword,))) == [2]


@pytest.mark.parametrize(
    ("keyword", "title"),
    [
        ("state space", "Space and state"),
        ("LLM", "LLaMA"),
        ("graph", "Paragraphs"),
        ("e-value", "Evaluating"),
        ("C++", "C and D"),
        ("?!", "What?!"),
    ],
)
def test_a_keyword_is_not_found_in_other_words(keyword: str, title: str) -> None:
    assert found(works(title), following(keywords=(keyword,))) == []


def test_a_phrase_does_not_reach_from_title_into_abstract_or_paper() -> None:
    papers = [a_work("On state", "space is empty"), a_work("Space", "state", number=2), a_work("Space", number=3)]
    assert found(papers, following(keywords=("state space",))) == []


def test_a_title_counts_more_than_keywords_and_these_more_than_an_abstract() -> None:
    papers = [a_work("Mamba"), a_work("M", number=2, keywords=("mamba",)), a_work("M", "We use Mamba.", number=3)]
    title, keywords, abstract = fitted(papers, following(keywords=("mamba",))).scores[0].data.tolist()
    assert title > keywords > abstract > 0


def test_an_author_is_found_by_any_form_of_the_name() -> None:
    papers = [
        a_work("A", authors=("Jane Doe", "Jürgen Schmidhuber")),
        a_work("B", number=2, authors=("J. Schmidhuber",)),
        a_work("C", number=3),
    ]
    assert found(papers, following(authors=("Schmidhuber, Jurgen",))) == [1, 2]
    assert fitted(papers, following(authors=("Jurgen Schmidhuber",))).reason(0, 0) == "by Jurgen Schmidhuber"


def test_a_topic_is_found_by_its_own_category_whatever_the_words() -> None:
    papers = [a_work("Walking", categories=("cs.CV", "cs.RO")), a_work("Walking", number=2, categories=("cs.CV",))]
    assert found(papers, following(topics=("robots",))) == [1]


def test_a_shared_category_decides_nothing() -> None:
    assert found([a_work("Layers", categories=("cs.LG",))], following(topics=("graphs", "more"))) == []


def test_without_categories_a_topic_is_found_by_its_phrases() -> None:
    papers = [a_work("Robots walk"), a_work("Walking", "Once it names a robot.", number=2), a_work("Nodes", number=3)]
    assert found(papers, following(topics=("robots", "graphs"))) == [1]


def test_an_abstract_that_keeps_speaking_of_a_topic_is_enough_unless_categories_speak_against_it() -> None:
    spoken = "A graph neural network passes messages; every graph neural network does. Ours is a graph neural network on a graph."
    papers = [
        a_work("M", spoken),
        a_work("N", spoken, number=2, categories=("cs.LG",)),
        a_work("O", spoken, number=3, categories=("hep-ph",)),
    ]
    assert found(papers, following(topics=("graphs",))) == [1, 2]


def test_a_topic_with_nothing_that_day_shows_nothing() -> None:
    papers = works("Weaving baskets", "On the breeding of bees", "A history of salt")
    ready = index(papers, bundled_catalogue(), bundled_model())
    assert sum(topic_counts(ready).values()) == 0
    assert fit(ready, [following(topics=tuple(topic.key for topic in bundled_catalogue().topics))]).scores.nnz == 0


def test_topics_are_counted() -> None:
    assert topic_counts(index(works("A robot", "Robots", "Bees"), OURS, empty_model())) == {"robots": 2, "graphs": 0, "more": 0}


def test_a_topic_that_left_the_catalogue_asks_for_nothing() -> None:
    assert found(works("A robot"), following(topics=("phlogiston",))) == []


def test_a_muted_phrase_removes_what_would_fit_and_marks_what_would_not() -> None:
    papers = works("Mamba for crypto", "Mamba", "Cryptocurrency", "Crypto markets")
    result = fitted(papers, following(keywords=("mamba",), mutes=("Crypto",)))
    assert result.scores[0].indices.tolist() == [1]
    assert result.muted.toarray().tolist() == [[True, False, False, True]]


@pytest.mark.parametrize("mute", ["Robots", "robots"])
def test_a_muted_topic_removes_its_papers_whatever_their_words(mute: str) -> None:
    papers = [a_work("Walking machines", categories=("cs.RO",)), a_work("Walking", number=2)]
    assert found(papers, following(keywords=("walking",), mutes=(mute,))) == [2]


def test_a_reason_names_the_strongest_causes_first_and_three_at_most() -> None:
    paper = a_work("Robot", "mamba and more mamba, then sheep", authors=("Yann LeCun",))
    wishes = following(topics=("robots",), keywords=("mamba", "sheep", "robot"), authors=("Yann LeCun",))
    result = fitted([paper], wishes)
    assert result.reason(0, 0) == "by Yann LeCun; keyword robot; keyword mamba"
    assert [cause.kind for cause in result.causes(0, 0)] == ["author", "keyword", "keyword", "keyword", "topic"]
    assert fitted(works("Bees"), wishes).reason(0, 0) == ""


LIKED = ("Gaussian splatting for avatars of dancing people", "Splatting Gaussian avatars of people", "Fair division of goods")


def test_a_paper_like_one_that_was_liked_fits_and_says_so_but_not_the_liked_one_itself() -> None:
    result = fitted(works(*LIKED), following(liked={1: " on Tuesday"}))
    assert result.scores[0].indices.tolist() == [1]
    assert result.reason(0, 1) == f"like “{LIKED[0]}”, which you liked on Tuesday"
    assert result.causes(0, 1)[0].kind is CauseKind.LIKE


def test_each_reader_is_told_the_day_of_their_own_vote() -> None:
    readers = following(), following(liked={1: " on Tuesday"}), following(disliked=(1,)), following(liked={3: " today", 1: " yesterday"})
    result = fitted(works(*LIKED), *readers)
    assert result.reasons(np.array([1, 0, 3, 2]), np.array([1, 1, 1, 1])) == [
        f"like “{LIKED[0]}”, which you liked on Tuesday",
        "",
        f"like “{LIKED[0]}”, which you liked yesterday",
        "",
    ]


def test_a_paper_like_one_that_was_disliked_falls_behind_but_stays_in_reach() -> None:
    papers = works(*LIKED, "An avatar in a history of goods, markets, kings, weather and salt")
    plain, averse = following(keywords=("avatar",)), following(keywords=("avatar",), disliked=(1,))
    scores = fitted(papers, plain, averse).scores.toarray()
    assert scores[1, 1] < scores[0, 1]
    assert scores[1, 1] > 0
    assert scores[1, 3] == scores[0, 3]
    assert found(papers, following(disliked=(1,))) == []


def test_likes_of_papers_no_longer_at_hand_ask_for_nothing() -> None:
    assert found(works(*LIKED), following(liked={99: " today"}, disliked=(98,))) == []


def test_no_reader_sees_anothers_wishes() -> None:
    papers = works("Mamba", "Robots")
    scores = fitted(papers, following(keywords=("mamba",)), following(), following(topics=("robots",), mutes=("mamba",))).scores.toarray()
    assert [np.flatnonzero(row).tolist() for row in scores] == [[0], [], [1]]


@pytest.mark.parametrize("papers", [[], works(""), works("the of and"), works("Mamba")])
@pytest.mark.parametrize("model", [empty_model(), bundled_model()], ids=["empty", "bundled"])
def test_no_papers_no_words_and_no_readers_are_no_trouble(papers: list[Paper], model: object) -> None:
    ready = index(papers, bundled_catalogue(), model)  # type: ignore[arg-type]  # a parameter of the test
    for readers in ([], [following()], [following(keywords=("mamba",), mutes=("robot",), liked={1: " today"}, disliked=(7,))]):
        result = fit(ready, readers)
        assert result.scores.shape == result.muted.shape == (len(readers), len(papers))


WORDS = st.sampled_from(["robot", "mamba", "state", "space", "graph", "neural", "network", "the", "Models", "pre-training"])
TITLES = st.lists(WORDS, max_size=6).map(" ".join)
READERS = st.builds(
    following,
    topics=st.lists(st.sampled_from(["robots", "graphs", "gone"]), unique=True).map(tuple),
    keywords=st.lists(st.lists(WORDS, min_size=1, max_size=2).map(" ".join), max_size=3, unique=True).map(tuple),
    mutes=st.lists(WORDS, max_size=1).map(tuple),
    liked=st.dictionaries(st.integers(1, 4), st.sampled_from([" today", " on Tuesday"]), max_size=2),
    disliked=st.lists(st.integers(5, 6), max_size=2, unique=True).map(tuple),
)


@settings(deadline=None)
@given(st.lists(TITLES, max_size=6), st.lists(READERS, max_size=4))
def test_a_score_is_above_zero_exactly_where_there_is_a_cause_and_no_mute(titles: list[str], readers: list[Reader]) -> None:
    papers = works(*titles)
    result = fitted(papers, *readers)
    scores, muted = result.scores.toarray(), result.muted.toarray()
    assert result.scores.dtype == np.float32
    for reader in range(len(readers)):
        for paper in range(len(papers)):
            assert (scores[reader, paper] > 0) == bool(result.causes(reader, paper) and not muted[reader, paper])
            assert bool(result.causes(reader, paper)) == bool(result.reason(reader, paper))


@settings(deadline=None)
@given(st.lists(TITLES, min_size=1, max_size=6), READERS, READERS)
def test_who_else_is_in_the_block_changes_nothing(titles: list[str], reader: Reader, other: Reader) -> None:
    papers = works(*titles)
    alone, together = fitted(papers, reader), fitted(papers, other, reader)
    assert alone.scores.toarray()[0] == pytest.approx(together.scores.toarray()[1])
    assert [alone.reason(0, column) for column in range(len(papers))] == [together.reason(1, column) for column in range(len(papers))]


@settings(deadline=None)
@given(st.lists(WORDS, min_size=1, max_size=3), TITLES, TITLES)
def test_a_phrase_cut_out_of_a_title_is_found_in_it(phrase: list[str], before: str, after: str) -> None:
    keyword = " ".join(phrase)
    assert found(works(f"{before} {keyword} {after}"), following(keywords=(keyword,))) == [1]


@pytest.mark.bench
def test_a_thousand_readers_of_five_hundred_papers_take_less_than_60_us_each() -> None:
    numbers = np.random.default_rng(7)
    vocabulary = [f"word{number}" for number in range(3000)]
    papers = [a_work(" ".join(numbers.choice(vocabulary, 10)), " ".join(numbers.choice(vocabulary, 150)), number=n) for n in range(500)]
    ready = index(papers, bundled_catalogue(), bundled_model())
    keys = [topic.key for topic in bundled_catalogue().topics]
    readers = [
        following(topics=tuple(numbers.choice(keys, 5, replace=False)), keywords=tuple(numbers.choice(vocabulary, 5))) for _ in range(1000)
    ]
    fit(ready, readers)
    began = time.process_time()
    fit(ready, readers)
    assert (time.process_time() - began) / len(readers) < 60e-6
