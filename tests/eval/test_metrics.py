"""The measures of an order."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr

from tests.eval.metrics import ndcg, overlap, spearman

VALUES = st.lists(st.integers(0, 9), min_size=2, max_size=20)


def _array(*values: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array(values, np.float64)


@given(VALUES, st.floats(0.1, 5))
def test_the_true_order_scores_full_marks(values: list[int], factor: float) -> None:
    truth = _array(*values)
    assert ndcg(truth * factor, truth) in (None, pytest.approx(1))
    assert spearman(truth * factor, truth) in (None, pytest.approx(1))
    assert overlap(truth * factor, truth) in (None, pytest.approx(1))


def test_ndcg_is_the_textbook_figure() -> None:
    """Gains 3, 2, 0 found in the order 2, 3, 0: (2 + 3 / log2 3) / (3 + 2 / log2 3)."""
    assert ndcg(_array(5, 9, 1), _array(3, 2, 0)) == pytest.approx((2 + 3 / np.log2(3)) / (3 + 2 / np.log2(3)))


def test_beyond_the_depth_nothing_is_gained() -> None:
    truth = _array(*([0] * 10), 8)
    assert ndcg(_array(*range(11, 0, -1)), truth) == 0
    assert overlap(_array(*range(11, 0, -1)), truth) == pytest.approx(1)  # ten papers without votes share places two to eleven


@given(VALUES, st.data())
def test_spearman_agrees_with_scipy(values: list[int], data: st.DataObject) -> None:
    other = data.draw(st.lists(st.integers(0, 9), min_size=len(values), max_size=len(values)))
    ours = spearman(_array(*other), _array(*values))
    if len(set(values)) == 1:
        assert ours is None
    elif len(set(other)) == 1:
        assert ours == 0
    else:
        assert ours == pytest.approx(spearmanr(other, values).statistic)


@given(VALUES, st.data())
def test_equal_scores_count_as_the_mean_of_all_their_orders(values: list[int], data: st.DataObject) -> None:
    truth, noise = _array(*values), np.random.default_rng(1)
    score = _array(*data.draw(st.lists(st.integers(0, 2), min_size=len(values), max_size=len(values))))
    for measure in (ndcg, overlap):
        mean = measure(score, truth)
        if mean is not None:
            broken = [measure(score + noise.random(len(values)) / 2, truth) for _ in range(400)]
            assert mean == pytest.approx(np.mean([one for one in broken if one is not None]), abs=0.12)


def test_where_no_order_is_possible_there_is_no_figure() -> None:
    assert ndcg(_array(1, 2), _array(0, 0)) is None
    assert spearman(_array(1, 2), _array(3, 3)) is None
    assert overlap(_array(1, 2, 3, 4, 5), _array(1, 2, 3, 4, 5)) is None


def test_a_paper_that_ties_with_the_fifth_belongs_to_the_first_five() -> None:
    assert overlap(_array(9, 8, 7, 6, 0, 5), _array(9, 8, 7, 6, 5, 5)) == pytest.approx(1)
    assert overlap(_array(9, 8, 7, 6, 0, 5), _array(9, 8, 7, 6, 5, 4)) == pytest.approx(0.8)
