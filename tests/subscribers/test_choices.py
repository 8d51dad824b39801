from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscribers.cadence import Cadence
from subscribers.choices import Choices, ChoicesError, Field, check_choices, in_lines
from tests.subscribers.builders import CATALOGUE


def faults(typed: dict[str, list[str]]) -> dict[str, str]:
    with pytest.raises(ChoicesError) as caught:
        check_choices(typed, CATALOGUE)
    return {fault.field: fault.remedy for fault in caught.value.faults}


def test_an_address_alone_is_a_complete_sign_up() -> None:
    assert check_choices({}, CATALOGUE) == Choices(cadence=Cadence.WEEKDAYS, hour=8, zone="UTC", for_you=5, trending=5)


def test_what_is_blank_takes_its_default_and_lists_are_empty() -> None:
    default = Choices(topics=("robotics",), hour=7, zone="Asia/Tokyo", cadence=Cadence.WEEKLY, weekday=4)

    assert check_choices({"hour": [" "], "timezone": [""]}, CATALOGUE, default) == Choices(
        hour=7, zone="Asia/Tokyo", cadence=Cadence.WEEKLY, weekday=4
    )


def test_choices_are_kept_in_their_checked_form() -> None:
    typed = {
        "name": ["Ada Lovelace"],
        "topics": ["robotics", "Language Models", "ROBOTICS"],
        "keywords": ["mamba", "state space  model", "Mamba"],
        "authors": ["LeCun, Yann"],
        "mutes": ["blockchain"],
        "cadence": ["weekly"],
        "weekday": ["4"],
        "hour": ["07:00"],
        "timezone": ["europe/london"],
        "for_you": ["7"],
        "trending": ["0"],
    }

    assert check_choices(typed, CATALOGUE) == Choices(
        name="Ada Lovelace",
        topics=("robotics", "language-models"),
        keywords=("mamba", "state space model"),
        authors=("Yann LeCun",),
        mutes=("blockchain",),
        cadence=Cadence.WEEKLY,
        weekday=4,
        hour=7,
        zone="Europe/London",
        for_you=7,
        trending=0,
    )


@pytest.mark.parametrize(
    ("typed", "weekday"), [("weekly", 0), ("weekly friday", 4), ("Weekly: Fri", 4), ("WEEKLY tue", 1), ("weekly sunday", 6)]
)
def test_a_file_says_the_day_beside_the_cadence(typed: str, weekday: int) -> None:
    choices = check_choices({"cadence": [typed]}, CATALOGUE)

    assert (choices.cadence, choices.weekday) == (Cadence.WEEKLY, weekday)


def test_every_fault_is_named_at_once_with_its_remedy() -> None:
    assert faults(
        {
            "topics": ["Robotiks"],
            "keywords": ["x"],
            "authors": ["LeCun"],
            "cadence": ["monthly"],
            "weekday": ["t"],
            "hour": ["24"],
            "timezone": ["Europe/Lodnon"],
            "for_you": ["21"],
            "trending": ["-1"],
        }
    ) == {
        Field.TOPICS: "did you mean 'Robotics'?",
        Field.KEYWORDS: "type at least two letters or digits, such as 'state space model'",
        Field.AUTHORS: "give a first name or initial and the surname, such as 'Yann LeCun' or 'Y. LeCun'",
        Field.CADENCE: "write daily, weekdays, weekly, or weekly and a day such as 'weekly friday'",
        Field.HOUR: "give a full hour from 0 to 23, such as 8 or 08:00",
        Field.ZONE: "did you mean Europe/London?",
        Field.FOR_YOU: "give a number from 0 to 20",
        Field.TRENDING: "give a number from 0 to 20",
    }


def test_a_weekday_that_is_none_is_named() -> None:
    assert faults({"cadence": ["weekly"], "weekday": ["t"]}) == {Field.WEEKDAY: "write a day of the week, such as friday"}


def test_a_digest_without_papers_is_refused() -> None:
    assert Field.TRENDING in faults({"for_you": ["0"], "trending": ["0"]})


def test_more_wishes_than_a_reader_can_have_are_refused() -> None:
    assert faults({"keywords": [f"keyword {number}" for number in range(61)]}) == {Field.KEYWORDS: "keep at most 60"}


@given(st.dictionaries(st.sampled_from(Field), st.lists(st.text(max_size=40), max_size=4)))
def test_whatever_is_typed_gives_choices_or_faults(typed: dict[str, list[str]]) -> None:
    found = choices_or_error(typed)

    if isinstance(found, ChoicesError):
        assert found.faults
        assert all(fault.remedy and len(fault.value) <= 60 for fault in found.faults)
    else:
        again = {"keywords": found.keywords, "authors": found.authors, "mutes": found.mutes, "timezone": (found.zone,)}
        assert check_choices(again, CATALOGUE).keywords == found.keywords


def choices_or_error(typed: Mapping[str, Sequence[str]]) -> Choices | ChoicesError:
    try:
        return check_choices(typed, CATALOGUE)
    except ChoicesError as error:
        return error


def test_a_box_holds_a_wish_a_line_or_several_with_semicolons() -> None:
    assert in_lines("mamba\r\n state space model ;; agents\n") == ["mamba", "state space model", "agents"]
