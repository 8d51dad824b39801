"""What a topic model learns, keeps and forgets not."""

from pathlib import Path

import numpy as np
import pytest

from subscribers.topics import Catalogue, Topic, bundled_catalogue
from tests.eval.listings import read_days
from tests.worker.pick.works import a_work
from worker.ingest.papers import Paper
from worker.pick.belonging import belonging, grounds
from worker.pick.corpus import corpus
from worker.pick.lesson import Lesson, fingerprint, lesson, signature
from worker.pick.topic_file import BUNDLED, bundled_model, read_model, write_model
from worker.pick.topic_learning import LEAST, learn
from worker.pick.topic_model import NAME, TopicModel, aligned, empty_model, scores, supported

CODES = Topic(key="codes", name="Codes", group="G", line="L", categories=("cs.IT",), phrases=("channel coding",))
OTHER = Topic(key="other", name="Other", group="G", line="L", categories=("cs.CV", "cs.CL"), phrases=("segmentation",))
OURS = Catalogue((CODES, OTHER))
DAYS = read_days(Path(__file__).parents[2] / "data" / "topics")


def a_lesson(papers: list[Paper], catalogue: Catalogue = OURS) -> Lesson:
    words = corpus(papers)
    return lesson(words, papers, catalogue, words.terms(LEAST))


def taught(read: Lesson) -> TopicModel:
    return learn(read, empty_model(read.topics, read.terms))


def test_every_bundled_topic_is_in_the_bundled_model_as_it_is_now() -> None:
    """After a topic's categories change: ./paperboy eval topics FOLDER --learn."""
    assert set(bundled_model().topics) == {signature(topic) for topic in bundled_catalogue().topics}


def test_the_bundled_model_stays_small() -> None:
    assert BUNDLED.stat().st_size < 1_500_000


def test_a_model_survives_its_file(tmp_path: Path) -> None:
    read = a_lesson(list(DAYS[0].papers))
    model = taught(read)
    write_model(model, tmp_path / "model.npz")
    again = read_model(tmp_path / "model.npz")
    assert (again.topics, again.terms, again.papers, again.seen) == (model.topics, model.terms, model.papers, model.seen)
    assert scores(read, again) == pytest.approx(scores(read, model), abs=0.01)


def test_it_learns_what_no_phrase_says() -> None:
    papers = [a_work(f"Fading {n}", "Uplink beams of a base station fade.", number=n, categories=("cs.IT",)) for n in range(16)]
    papers += [a_work(f"Pictures {n}", "Pixels of a picture are labelled.", number=100 + n, categories=("cs.CV",)) for n in range(600)]
    model = taught(a_lesson(papers))
    new = [a_work("Beams", "An uplink of a base station.", number=9900), a_work("Pixels", "A labelled picture.", number=9901)]
    read = lesson(corpus(new), new, OURS, model.terms)
    beams, pixels = scores(read, model)[:, 0]
    assert beams > 2
    assert pixels < 0
    found = grounds(read, model, np.zeros((2, 2), np.bool_), np.ones((2, 1), np.bool_))
    assert found.sure[:, 0].tolist() == found.belongs[:, 0].tolist() == [True, False]


SAID = "On channel coding. Good channel coding is hard, and better channel coding is harder still; ours is channel coding."


def half_filed() -> list[Paper]:
    """Days on which half of what bears the topic's name is filed there."""
    papers = [a_work("Channel coding", SAID, number=n, categories=("cs.IT" if n % 2 else "cs.CV",)) for n in range(40)]
    return papers + [a_work(f"Pixels {n}", "A picture.", number=100 + n, categories=("cs.CV",)) for n in range(900)]


def half_right() -> TopicModel:
    return taught(a_lesson(half_filed()))


def test_where_names_are_right_half_of_the_time_categories_decide_and_a_bare_paper_is_not_shown() -> None:
    papers = [
        a_work("Channel coding", SAID, number=9900),
        a_work("Pixels", "A picture.", number=9901, categories=("cs.IT",)),
        a_work("Pixels with channel coding", "A picture.", number=9902, categories=("cs.CV",)),
        a_work("Channel coding", SAID, number=9903, categories=("cs.CV",)),
    ]
    belongs = belonging(corpus(papers), papers, Catalogue((CODES,)), half_right()).toarray()[:, 0] > 0
    assert belongs.tolist() == [False, True, False, True]


def test_a_topic_that_shares_its_categories_goes_by_its_name_whatever_was_learned() -> None:
    shared = Catalogue((CODES, Topic(key="more", name="More", group="G", line="L", categories=("cs.IT",), phrases=("beam",))))
    read = a_lesson(half_filed(), shared)
    papers = [a_work("Channel coding", SAID, number=9900), a_work("Pixels", "A picture.", number=9901, categories=("cs.IT",))]
    assert (belonging(corpus(papers), papers, shared, taught(read)).toarray()[:, 0] > 0).tolist() == [True, False]


def test_a_name_helps_to_the_threshold() -> None:
    papers = [a_work("Channel coding", SAID, number=9900), a_work("Pixels", "A picture.", number=9902)]
    model = half_right()
    read = lesson(corpus(papers), papers, OURS, model.terms)
    score = scores(read, model)
    assert (supported(read, score, model) - score)[:, 0].tolist() == pytest.approx([NAME, 0])


def test_learning_in_two_lessons_is_learning_in_one() -> None:
    papers = [paper for day in DAYS[:2] for paper in day.papers]
    every = a_lesson(papers)
    first = np.arange(len(papers)) < len(DAYS[0].papers)
    twice = learn(every.rows(~first), learn(every.rows(first), empty_model(every.topics, every.terms)))
    once = taught(every)
    assert (twice.papers, twice.seen) == (once.papers, once.seen)
    assert twice.holding == pytest.approx(once.holding)
    assert float(np.corrcoef(scores(every, twice)[:, 0], scores(every, once)[:, 0])[0, 1]) > 0.98


def test_too_few_known_papers_set_no_threshold() -> None:
    papers = [a_work(f"Channel coding {n}", number=n, categories=("cs.IT",)) for n in range(10)]
    papers += [a_work(f"Segmentation {n}", number=100 + n, categories=("cs.CV",)) for n in range(40)]
    assert np.isinf(taught(a_lesson(papers)).thresholds[0])


def test_a_topic_whose_categories_changed_is_unknown_to_the_model() -> None:
    model = taught(a_lesson(list(DAYS[0].papers)))
    changed = Topic(key="codes", name="Codes", group="G", line="L", categories=("cs.IT", "math.IT"), phrases=("channel coding",))
    known = aligned(model, [signature(changed), signature(OTHER)], model.terms)
    assert known.sizes[0] == 0
    assert known.sizes[1] == model.sizes[1] > 0


def test_a_paper_is_known_again_by_its_key() -> None:
    paper = DAYS[0].papers[0]
    assert fingerprint(paper) in taught(a_lesson(list(DAYS[0].papers))).seen
    assert fingerprint(DAYS[1].papers[0]) != fingerprint(paper)
