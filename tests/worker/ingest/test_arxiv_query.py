"""The query API: pages, errors of status 200, ids that are unknown, and exact titles."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import escape
from pathlib import Path

import pytest

from tests import playing as play
from tests.playing import Asked, Play
from tests.worker.ingest.sources.house import House, a_house, recorded
from worker.ingest.papers import Record
from worker.ingest.port import Skipped, SourceError

PATH = "/api/query"
DAY = (datetime(2026, 6, 15, 18, tzinfo=UTC), datetime(2026, 6, 16, 18, tzinfo=UTC))


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with a_house(tmp_path) as made:
        yield made


def feed(*entries: str, total: int | None = None) -> Play:
    counted = "" if total is None else f"<o:totalResults xmlns:o='urn:o'>{total}</o:totalResults>"
    return play.body(f'<feed xmlns="http://www.w3.org/2005/Atom">{counted}{"".join(entries)}</feed>'.encode())


def entry(number: int, title: str = "") -> str:
    return f"<entry><id>http://arxiv.org/abs/2606.{number:05}v1</id><title>{escape(title or f'Paper {number}')}</title></entry>"


def pages(size: int, total: int) -> object:
    """A server of `total` papers, `size` to a page."""

    def choose(asked: Asked) -> Play:
        start = int(asked.query["start"])
        return feed(*map(entry, range(start, min(start + size, total))), total=total)

    return choose


def read(said: Iterator[Record | Skipped]) -> tuple[list[str], list[str], str | None]:
    ids: list[str] = []
    skipped: list[str] = []
    try:
        for one in said:
            if isinstance(one, Record):
                ids.append(one.external_id)
            else:
                skipped.append(one.entry)
    except SourceError as fault:
        return ids, skipped, str(fault)
    return ids, skipped, None


def test_a_recorded_page_is_read_to_the_last_field(house: House) -> None:
    house.server.answer(PATH, play.body(recorded("arxiv_query/id_astro-ph_0601001_s0_m100.xml")))
    (one,) = house.query.by_ids(["astro-ph/0601001"])
    assert isinstance(one, Record)
    assert (one.external_id, one.arxiv_id, one.categories) == ("astro-ph/0601001", "astro-ph/0601001", ("astro-ph",))
    assert one.title.startswith("Frequency of Hot Jupiters")
    assert one.authors == ("Andrew Gould", "Susan Dorsher", "B. Scott Gaudi", "Andrzej Udalski")
    assert one.abstract.startswith("We derive the frequencies")
    assert one.published_at == datetime(2006, 1, 2, 14, 57, 58, tzinfo=UTC)
    assert one.url == "https://arxiv.org/abs/astro-ph/0601001"


def test_the_primary_category_comes_first(house: House) -> None:
    house.server.answer(PATH, play.body(recorded("arxiv_query/id_quant-ph_0201082v1_s0_m100.xml")))
    (one,) = house.query.by_ids(["quant-ph/0201082v1"])
    assert isinstance(one, Record)
    assert one.categories[0] == "quant-ph"


def test_a_day_is_asked_for_by_when_its_papers_were_submitted(house: House) -> None:
    house.server.answer(PATH, feed(total=0))
    assert read(house.query.submitted(("cs.LG", "cs.CV"), *DAY)) == ([], [], None)
    (asked,) = house.server.asked
    assert asked.query["search_query"] == "(cat:cs.LG OR cat:cs.CV) AND submittedDate:[202606151800 TO 202606161759]"
    assert (asked.query["sortBy"], asked.query["start"]) == ("submittedDate", "0")


@pytest.mark.parametrize(("size", "total", "asked"), [(500, 1100, 3), (300, 700, 3), (500, 500, 1), (500, 0, 1), (1, 3, 3)])
def test_pages_are_turned_until_all_results_are_there(house: House, size: int, total: int, asked: int) -> None:
    house.server.choose(PATH, pages(size, total))  # type: ignore[arg-type]  # a chooser
    ids, skipped, error = read(house.query.submitted(("cs.LG",), *DAY))
    assert (len(ids), len(set(ids)), skipped, error) == (total, total, [], None)
    assert len(house.server.asked) == asked


def test_requests_are_three_seconds_apart(house: House) -> None:
    begun = house.clock.now()
    house.server.choose(PATH, pages(10, 30))  # type: ignore[arg-type]  # a chooser
    read(house.query.submitted(("cs.LG",), *DAY))
    assert house.clock.now() - begun == timedelta(seconds=6)


def test_an_empty_page_that_should_be_full_is_asked_for_again(house: House) -> None:
    full, empty = feed(*map(entry, range(3)), total=5), feed(total=5)
    house.server.answer(PATH, full, empty, empty, feed(*map(entry, range(3, 5)), total=5))
    ids, _, error = read(house.query.submitted(("cs.LG",), *DAY))
    assert (len(ids), error) == (5, None)


def test_pages_that_stay_empty_cost_nothing_that_was_read(house: House) -> None:
    house.server.answer(PATH, feed(*map(entry, range(3)), total=5), feed(total=5))
    ids, _, error = read(house.query.submitted(("cs.LG",), *DAY))
    assert len(ids) == 3
    assert error == "arXiv counts 5 papers and gave 3, then 3 empty pages; the next run asks again"


def test_a_mirror_that_gives_the_same_page_for_ever_is_left(house: House) -> None:
    house.server.answer(PATH, feed(*map(entry, range(3)), total=200_000))
    ids, _, error = read(house.query.submitted(("cs.LG",), *DAY))
    assert (len(ids), error, len(house.server.asked)) == (3, None, 2)


def test_a_flood_is_told_and_left(house: House) -> None:
    house.server.choose(PATH, pages(1, 10_000))  # type: ignore[arg-type]  # a chooser
    ids, _, error = read(house.query.submitted(("cs.LG",), *DAY))
    assert len(ids) == 60
    assert "follow fewer" in (error or "")


def test_an_error_of_status_200_is_an_error(house: House) -> None:
    house.server.answer(PATH, play.body(recorded("arxiv_query/id_abc_s0_m100.xml")))
    assert read(house.query.submitted(("cs.LG",), *DAY))[2] == "arXiv refuses the question: incorrect id format for abc"
    with pytest.raises(SourceError, match="incorrect id format"):
        house.query.by_title("A Title of Some Paper")


def test_an_unknown_id_gives_nothing_and_one_that_is_none_is_skipped(house: House) -> None:
    house.server.answer(PATH, play.body(recorded("arxiv_query/id_0000.0000_s0_m100.xml")))
    assert read(house.query.by_ids(["2606.99999", "not an id"])) == ([], ["not an id"], None)
    assert house.server.asked[0].query["id_list"] == "2606.99999"


def test_ids_are_asked_for_a_hundred_at_a_time_and_once_each(house: House) -> None:
    house.server.answer(PATH, feed())
    ids = [f"2606.{number:05}v{number % 3 + 1}" for number in range(1, 251)]
    read(house.query.by_ids([*ids, *ids]))
    assert [asked.query["id_list"].count(",") + 1 for asked in house.server.asked] == [100, 100, 50]


def test_an_id_that_arxiv_refuses_does_not_cost_the_others(house: House) -> None:
    refusal = recorded("arxiv_query/id_abc_s0_m100.xml").replace(b"abc", b"2606.00002")
    house.server.answer(PATH, play.body(refusal), feed(entry(1), entry(3)))
    assert read(house.query.by_ids(["2606.00001", "2606.00002", "2606.00003"])) == (["2606.00001", "2606.00003"], ["2606.00002"], None)
    assert house.server.asked[1].query["id_list"] == "2606.00001,2606.00003"


def test_no_ids_no_question(house: House) -> None:
    assert read(house.query.by_ids([])) == ([], [], None)
    assert house.server.asked == []


@pytest.mark.parametrize(
    ("asked", "held"),
    [
        ("Omni-Recon: Harnessing Images", "Omni-Recon: Harnessing\n  Images"),
        ("A $\\mathcal{O}(n)$ Method", "A O(n) Method"),
        ("what's in a name?", "What\u2019s in a Name"),
        ("Étude", "Etude"),
    ],
)
def test_a_title_is_found_however_it_is_written(house: House, asked: str, held: str) -> None:
    house.server.answer(PATH, feed(entry(7, "Another Paper"), entry(8, held)))
    assert house.query.by_title(asked) == "2606.00008"


def test_a_title_is_asked_for_as_a_phrase_and_then_by_its_longer_words(house: House) -> None:
    house.server.answer(PATH, feed())
    assert house.query.by_title('Omni-Recon: "Harnessing" Sora\'s Image-based Rendering, $\\alpha$ of 3D') is None
    questions = [asked.query["search_query"] for asked in house.server.asked]
    assert questions == ['ti:"Omni Recon Harnessing Sora s Image based Rendering of 3D"', "ti:Harnessing AND ti:Rendering"]


def test_a_title_that_is_not_exactly_the_same_is_another_paper(house: House) -> None:
    house.server.answer(PATH, feed(entry(7, "Omni-Recon: Harnessing Images, Again")))
    assert house.query.by_title("Omni-Recon: Harnessing Images") is None


def test_a_title_of_several_papers_names_none(house: House) -> None:
    house.server.answer(PATH, feed(entry(7, "On Learning to Learn"), entry(8, "On Learning to Learn")))
    assert house.query.by_title("On learning to learn") is None


def test_a_title_without_letters_is_not_asked_for(house: House) -> None:
    assert house.query.by_title("$$ ?! {}") is None
    assert house.server.asked == []


@pytest.mark.parametrize("fault", [play.status(500), play.body(b"<html>"), play.body(b"<feed><entry>"), play.hang_up])
def test_not_knowing_is_not_the_same_as_none(house: House, fault: Play) -> None:
    house.server.answer(PATH, fault)
    with pytest.raises(SourceError):
        house.query.by_title("Omni-Recon: Harnessing Images")
