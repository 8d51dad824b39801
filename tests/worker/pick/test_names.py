"""When two names are one person."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.pick.names import Authors, agree, name


@pytest.mark.parametrize(
    ("wish", "printed"),
    [
        ("Jürgen Schmidhuber", "Jurgen Schmidhuber"),
        ("Schmidhuber, Jurgen", "Jürgen Schmidhuber"),
        ("Juergen Schmidhuber", "Jürgen Schmidhuber"),
        ("Jürgen Schmidhuber", "J. Schmidhuber"),
        ("Y. LeCun", "Yann LeCun"),
        ("YANN LECUN", "Yann LeCun"),
        ("John Smith", "John A. Smith"),
        ("John Alan Smith", "John A. Smith"),
        ("J. A. Smith", "John Alan Smith"),
        ("Aaron van den Oord", "Oord, Aäron van den"),
        ("Łukasz Kaiser", "Lukasz Kaiser"),
        ("Jian-Feng Li", "Jianfeng Li"),
        ("Sammy Davis", "Sammy Davis Jr."),
        ("Gabriel García Márquez", "García Márquez, Gabriel"),
        ("J.-B. Alayrac", "Jean-Baptiste Alayrac"),
    ],
)
def test_these_are_one_person(wish: str, printed: str) -> None:
    assert agree(name(wish), name(printed))
    assert agree(name(printed), name(wish))


@pytest.mark.parametrize(
    ("wish", "printed"),
    [
        ("John Smith", "Jane Smith"),
        ("J. Smith", "K. Smith"),
        ("J. Smith", "J. Smithson"),
        ("J. Smith", "Smith"),
        ("John Smith", "John Smyth"),
        ("John A. Smith", "John B. Smith"),
        ("John Smith", "Smith John"),
        ("A. J. Smith", "J. Smith"),
        ("", ""),
        ("Wei Li", "Wei Liu"),
    ],
)
def test_these_are_two(wish: str, printed: str) -> None:
    assert not agree(name(wish), name(printed))


def test_an_initial_finds_the_one_person_it_can_mean_and_nobody_when_there_are_two() -> None:
    assert Authors([["Yann LeCun"], ["Y. LeCun"], ["Yann A. LeCun", "Jane Smith"]]).find("Y. LeCun") == [0, 1, 2]
    assert Authors([["Jane Smith"], ["J. Smith"], ["John Smith"]]).find("J. Smith") == [1]
    assert Authors([["Jane Smith"], ["J. Smith"], ["John Smith"]]).find("Jane Smith") == [0, 1]


@given(st.lists(st.lists(st.text(max_size=30), max_size=3), max_size=5), st.text(max_size=30))
def test_any_names_give_rising_positions_of_papers(printed: list[list[str]], wished: str) -> None:
    found = Authors(printed).find(wished)
    assert found == sorted(set(found))
    assert all(0 <= place < len(printed) for place in found)
