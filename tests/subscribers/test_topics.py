"""The catalogue of topics, and what a reader may ask for."""

import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscribers.topics import (
    AUTHOR_LETTERS,
    KEYWORD_LETTERS,
    CatalogueError,
    Rejected,
    bundled_catalogue,
    check_author,
    check_keyword,
    check_mute,
    check_topic,
    parse_catalogue,
    tidy,
)

TABLE = """
[[topic]]
key = "weaving"
name = "Weaving"
group = "Crafts"
line = "Warp and weft"
categories = ["cs.RO", "astro-ph"]
phrases = ["loom"]
"""
OURS = bundled_catalogue()


def test_the_bundled_catalogue_has_40_to_60_topics_in_groups_each_with_something_to_find_it_by() -> None:
    assert 40 <= len(OURS.topics) <= 60
    assert all(len(topics) >= 3 for topics in OURS.groups().values())
    assert all(topic.phrases and topic.categories for topic in OURS.topics)


@pytest.mark.parametrize(
    ("key", "category"),
    [
        ("robotics", "cs.RO"),
        ("security", "cs.CR"),
        ("databases", "cs.DB"),
        ("hci", "cs.HC"),
        ("retrieval", "cs.IR"),
        ("quantum", "quant-ph"),
        ("astrophysics", "astro-ph"),
        ("speech-audio", "eess.AS"),
        ("software-engineering", "cs.SE"),
        ("networking", "cs.NI"),
        ("game-theory", "cs.GT"),
        ("graphics", "cs.GR"),
        ("society", "cs.CY"),
        ("agents", "cs.MA"),
    ],
)
def test_a_category_belongs_to_the_topic_a_researcher_would_look_under(key: str, category: str) -> None:
    topic = OURS.get(key)
    assert topic is not None
    assert category in OURS.owned(topic)


def test_a_category_that_two_topics_name_is_neither_ones_own_and_an_archive_shares_with_its_classes() -> None:
    other = TABLE.replace("weaving", "knitting").replace("Weaving", "Knitting").replace('"astro-ph"', '"astro-ph.CO"')
    catalogue = parse_catalogue(TABLE + other + TABLE.replace("eaving", "inding").replace('"cs.RO", "astro-ph"', '"cs.DB"'))
    assert [catalogue.owned(topic) for topic in catalogue.topics] == [(), (), ("cs.DB",)]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('key = "weaving"', 'key = "Weaving looms"', "key 'Weaving looms' is no slug; use small letters"),
        ('name = "Weaving"', "", "name is None; give it some text"),
        ('line = "Warp and weft"', "line = 7", "line is 7; give it some text"),
        ('"cs.RO"', '"cs RO"', "categories holds 'cs RO', which is no arXiv category; write it as 'cs.LG'"),
        ('["loom"]', '"loom"', "phrases is 'loom'; give a list of texts"),
        ('["loom"]', '["loom", ""]', "phrases is ['loom', '']; give a list of texts"),
        ('group = "Crafts"', 'gruop = "Crafts"', "unknown field 'gruop'; a topic has key, name, group"),
        ('group = "Crafts"', f'group = "{"x" * 121}"', "is longer than 120 letters; shorten it"),
        ("[[topic]]", "[[topics]]", "holds no topic; add a [[topic]] table"),
        ("[[topic]]", "[[topic]", "is no TOML"),
        ('categories = ["cs.RO", "astro-ph"]\nphrases = ["loom"]', "", "has neither categories nor phrases"),
    ],
)
def test_a_faulty_catalogue_names_the_field_the_value_and_the_remedy(old: str, new: str, words: str) -> None:
    with pytest.raises(CatalogueError) as error:
        parse_catalogue(TABLE.replace(old, new))
    assert words in str(error.value)


def test_two_topics_of_one_key_or_one_name_are_refused() -> None:
    with pytest.raises(CatalogueError, match="two topics have the key 'weaving'"):
        parse_catalogue(TABLE + TABLE)
    with pytest.raises(CatalogueError, match="two topics have the name 'weaving'"):
        parse_catalogue(TABLE + TABLE.replace('"weaving"', '"loom"'))


def test_topics_are_known_by_key_or_name_in_any_spelling() -> None:
    typed = ["State-Space Models", "state space models", "ROBOTICS", " hci "]
    assert [check_topic(text, OURS) for text in typed] == ["state-space-models", "state-space-models", "robotics", "hci"]


def test_a_misspelt_topic_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(Rejected) as error:
        check_topic("robotcs", OURS)
    assert (error.value.field, error.value.value, error.value.remedy) == ("topic", "robotcs", "did you mean 'Robotics'?")
    with pytest.raises(Rejected, match="lists what there is"):
        check_topic("phlogiston", OURS)


@pytest.mark.parametrize("text", ["", "  ", "x", "-- --", "\u200b\u200b", "y" * (KEYWORD_LETTERS + 1)])
def test_a_keyword_without_two_letters_or_with_too_many_is_refused_with_a_remedy(text: str) -> None:
    with pytest.raises(Rejected) as error:
        check_keyword(text)
    assert error.value.field == "keyword"
    assert error.value.remedy


def test_a_keyword_loses_control_characters_quotes_and_spare_blanks() -> None:
    assert check_keyword(' "state\u0000  space\tmodel\u202e",') == "state space model"


def kept_or_refused(check: Callable[[str], str], text: str, longest: int) -> str | None:
    try:
        return check(text)
    except Rejected as error:
        fault = error
    assert fault.remedy
    assert len(fault.value) <= longest
    return None


@given(st.text(max_size=200))
def test_whatever_is_typed_a_kept_keyword_is_short_clean_and_kept_as_it_is_the_second_time(text: str) -> None:
    kept = kept_or_refused(check_keyword, text, KEYWORD_LETTERS)
    if kept is not None:
        assert 2 <= len(kept) <= KEYWORD_LETTERS
        assert not any(unicodedata.category(letter).startswith("C") for letter in kept)
        assert check_keyword(kept) == kept


@given(st.text(alphabet=st.characters() | st.sampled_from("ab, ."), max_size=90))
def test_whatever_is_typed_a_kept_author_is_short_clean_and_kept_as_it_is_the_second_time(text: str) -> None:
    kept = kept_or_refused(check_author, text, AUTHOR_LETTERS)
    if kept is not None:
        assert 3 <= len(kept) <= AUTHOR_LETTERS
        assert tidy(kept) == kept
        assert check_author(kept) == kept


def test_an_author_is_kept_given_names_first() -> None:
    assert check_author("Schmidhuber,  Jürgen") == "Jürgen Schmidhuber"
    assert check_author("Y. LeCun") == "Y. LeCun"
    assert check_author("van den Oord, Aäron") == "Aäron van den Oord"


@pytest.mark.parametrize("text", ["LeCun", "J. S.", "LeCun, Yann, Bengio", "", "x" * 81, "12 34"])
def test_what_is_no_name_of_one_person_is_refused_with_a_remedy(text: str) -> None:
    with pytest.raises(Rejected) as error:
        check_author(text)
    assert error.value.field == "author"
    assert error.value.remedy


def test_a_mute_is_a_phrase_or_the_name_of_a_topic() -> None:
    assert [check_mute(text) for text in (" Robotics ", "blockchain")] == ["Robotics", "blockchain"]
