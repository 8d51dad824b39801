"""Near-duplicates among papers."""

import numpy as np
from scipy.sparse import csr_matrix

from worker.pick.duplicates import twins


def _unit(rows: list[list[float]]) -> csr_matrix:
    dense = np.array(rows, np.float32)
    return csr_matrix(dense / np.maximum(np.linalg.norm(dense, axis=1, keepdims=True), 1e-9))


def test_papers_alike_share_a_number_also_by_way_of_a_third() -> None:
    numbers = twins(_unit([[1, 0, 0], [1, 0.6, 0], [0.2, 0.9, 0], [0, 1, 0.1], [0, 0, 1]]))
    assert numbers[0] == numbers[1]
    assert numbers[2] == numbers[3]
    assert len({int(numbers[0]), int(numbers[2]), int(numbers[4])}) == 3
    by_way = twins(_unit([[1, 0], [3**0.5, 1], [1, 3**0.5]]))  # 30 degrees from one to the next
    assert len(set(by_way.tolist())) == 1


def test_papers_without_words_are_like_no_other() -> None:
    assert len(set(twins(_unit([[0, 0], [0, 0], [1, 0]])).tolist())) == 3


def test_more_papers_than_one_bite_are_compared_with_all_the_others() -> None:
    rows = np.eye(600, dtype=np.float32)
    rows[599] = rows[0]
    numbers = twins(csr_matrix(rows))
    assert numbers[0] == numbers[599]
    assert len(set(numbers.tolist())) == 599


def test_no_papers_have_no_twins() -> None:
    assert twins(csr_matrix(np.zeros((0, 5), np.float32))).size == 0
