"""The daily papers in every shape they have had, page by page and day by day."""

import copy
import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import playing as play
from tests.playing import Asked, Play
from tests.worker.ingest.sources.house import DATA, TODAY, House, recorded
from worker.ingest.port import Progress
from worker.ingest.sanitise import clean

PATH = "/api/daily_papers"
ERAS = sorted(file.stem for file in (DATA / "huggingface").glob("20*.json"))
WEDNESDAY = json.loads(recorded("huggingface/2026-06-17.json"))
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)),
    max_leaves=6,
)


def answer(value: object) -> Play:
    return play.body(json.dumps(value).encode())


def a_paper(number: int, **more: object) -> dict[str, object]:
    return {"title": f"Paper {number}", "paper": {"id": f"2606.{number:05}", "title": f"Paper {number}", "upvotes": number, **more}}


@pytest.mark.parametrize("era", ERAS)
def test_every_shape_since_2024_is_read(house: House, era: str) -> None:
    entries = json.loads(recorded(f"huggingface/{era}.json"))
    house.server.answer(PATH, answer(entries))
    day = date.fromisoformat(era)
    reading = house.read("huggingface", day, day)
    assert (reading.error, reading.skipped) == (None, {})
    for record, entry in zip(reading.records, entries, strict=True):
        paper = entry["paper"]
        assert record.external_id == record.arxiv_id == paper["id"]
        assert record.title == " ".join(paper["title"].split())
        assert record.abstract == " ".join(paper["summary"].split())
        assert record.authors == tuple(dict.fromkeys(author["name"] for author in paper["authors"]))
        assert (record.votes, record.comments) == (paper["upvotes"], entry["numComments"])
        assert (record.summary, record.keywords) == (paper.get("ai_summary"), tuple(paper.get("ai_keywords", ())))
        assert (record.repository, record.stars) == (paper.get("githubRepo"), paper.get("githubStars"))
        assert record.organisation == paper.get("organization", {}).get("fullname")
        assert record.published_at == datetime.fromisoformat(paper["publishedAt"])
        assert (record.source, record.listed_on, record.url) == ("huggingface", day, f"https://arxiv.org/abs/{paper['id']}")


def test_entries_that_are_strings_are_skipped_and_named(house: House) -> None:
    entries = [*WEDNESDAY[:2], *json.loads(recorded("huggingface/malformed_entries_are_strings.json")), *WEDNESDAY[2:]]
    house.server.answer(PATH, answer(entries))
    reading = house.read("huggingface")
    assert reading.error is None
    assert reading.ids == [entry["paper"]["id"] for entry in WEDNESDAY]
    assert reading.skipped == {f"entry {number} of 2026-06-22": "is text, not an object" for number in (3, 4)}


def test_each_day_is_asked_for_once_the_newest_first(house: House) -> None:
    house.server.choose(PATH, lambda asked: answer([a_paper(int(asked.query["date"][-2:]))]))
    reading = house.read("huggingface", TODAY - timedelta(days=6), TODAY)
    assert [asked.query for asked in house.server.asked] == [{"date": f"2026-06-{day}"} for day in range(22, 15, -1)]
    assert [(record.listed_on, record.votes) for record in reading.records] == [(date(2026, 6, day), day) for day in range(22, 15, -1)]
    words = [progress.words for progress in reading.of(Progress)]
    assert words[0] == "the daily papers of 22 June, 1 of 7"
    assert words[-1] == "the daily papers of 16 June, 7 of 7"


def test_a_day_that_fails_does_not_cost_the_others(house: House) -> None:
    def chooser(asked: Asked) -> Play:
        return {"2026-06-19": play.status(500), "2026-06-18": play.body(b"<html>")}.get(asked.query["date"], answer(WEDNESDAY))

    house.server.choose(PATH, chooser)
    reading = house.read("huggingface", date(2026, 6, 17), date(2026, 6, 19))
    assert len(reading.records) == len(WEDNESDAY)
    assert reading.error is not None
    assert "19 June: 127.0.0.1" in reading.error
    assert "answered 500" in reading.error
    assert "18 June: the answer of 127.0.0.1" in reading.error
    assert "is a web page (HTML), not a JSON list; the next run asks again" in reading.error


def test_days_that_failed_alike_are_told_together(house: House) -> None:
    house.server.answer(PATH, play.status(404))
    reading = house.read("huggingface", date(2026, 6, 18), date(2026, 6, 19))
    assert (reading.error or "").startswith("19 June, 18 June: 127.0.0.1")


def test_a_weekend_without_a_list_is_no_failure(house: House) -> None:
    house.server.answer(PATH, play.status(400))
    assert house.read("huggingface", date(2026, 6, 20), date(2026, 6, 21)).error is None
    assert house.read("huggingface", date(2026, 6, 19), date(2026, 6, 19)).error is not None


def test_what_stands_before_a_damage_is_not_lost(house: House) -> None:
    whole = json.dumps(WEDNESDAY).encode()
    house.server.answer(PATH, play.body(whole[:-200]))
    reading = house.read("huggingface")
    assert reading.ids == [entry["paper"]["id"] for entry in WEDNESDAY[:-1]]
    assert "damaged JSON" in (reading.error or "")


def test_a_full_day_goes_on_over_pages(house: House) -> None:
    pages = {"0": range(50), "1": range(50, 100), "2": range(100, 110)}
    house.server.choose(PATH, lambda asked: answer([a_paper(number) for number in pages[asked.query.get("p", "0")]]))
    reading = house.read("huggingface")
    assert [record.votes for record in reading.records] == list(range(110))
    assert len(house.server.asked) == 3


def test_a_server_that_knows_no_pages_is_not_asked_for_ever(house: House) -> None:
    house.server.answer(PATH, answer([a_paper(number) for number in range(80)]))
    reading = house.read("huggingface")
    assert len(reading.records) == 80
    assert len(house.server.asked) == 2


def test_a_hostile_list_does_not_fill_the_catalogue(house: House) -> None:
    house.server.answer(PATH, answer([{"paper": {"id": f"x{number}", "title": "t"}} for number in range(5_100)]))
    reading = house.read("huggingface")
    assert len(reading.records) == 5_000
    assert any("more than 5000 entries" in reason for reason in reading.skipped.values())


def test_votes_are_asked_for_again_and_nothing_is_lost_when_they_did_not_change(house: House) -> None:
    house.server.choose(PATH, play.conditional(json.dumps(WEDNESDAY).encode(), '"votes-1"'))
    first = house.read("huggingface")
    second = house.read("huggingface")
    assert first.records == second.records
    assert house.server.asked[1].headers["if-none-match"] == '"votes-1"'


@pytest.mark.parametrize(
    ("name", "arxiv_id", "url"),
    [
        ("2606.18023", "2606.18023", "https://arxiv.org/abs/2606.18023"),
        ("2606.18023v2", "2606.18023", "https://arxiv.org/abs/2606.18023"),
        ("community/our-paper", None, "{base}/papers/community%2Four-paper"),
        ("lab-2606.18023-notes", None, "{base}/papers/lab-2606.18023-notes"),
    ],
)
def test_a_community_paper_has_a_page_of_its_own(house: House, name: str, arxiv_id: str | None, url: str) -> None:
    house.server.answer(PATH, answer([{"title": "T", "paper": {"id": name}}]))
    (record,) = house.read("huggingface").records
    assert (record.arxiv_id, record.url) == (arxiv_id, url.format(base=house.server.url))


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (None, "is nothing, not an object"),
        (7, "is a value, not an object"),
        ([], "is a list, not an object"),
        ({}, "has no id"),
        ({"paper": "x", "title": "t"}, "has no id"),
        ({"paper": {"id": 7, "title": "t"}}, "has no id"),
        ({"paper": {"id": "2606.00001"}}, "has no title"),
        ({"paper": {"id": "2606.00001", "title": " \u202e\x00 "}}, "has no title"),
        ({"paper": {"id": "2606.00001", "title": ["t"]}, "title": {}}, "has no title"),
    ],
)
def test_a_bad_entry_is_skipped_with_its_reason(house: House, entry: object, reason: str) -> None:
    house.server.answer(PATH, answer([entry, a_paper(1)]))
    reading = house.read("huggingface")
    assert (reading.error, len(reading.records), list(reading.skipped.values())) == (None, 1, [reason])


def test_wrong_types_cost_the_field_alone(house: House) -> None:
    odd = {"upvotes": "many", "authors": {"name": "x"}, "publishedAt": 5, "ai_keywords": "k", "githubRepo": 1, "githubStars": 2**40}
    house.server.answer(PATH, answer([a_paper(1, **odd), a_paper(2, upvotes="73", authors=["Ada Lovelace", 7, {"name": "Alan Turing"}])]))
    one, two = house.read("huggingface").records
    assert (one.votes, one.authors, one.published_at, one.keywords, one.repository, one.stars) == (None, (), None, (), None, None)
    assert (two.votes, two.authors) == (73, ("Ada Lovelace", "Alan Turing"))


def test_an_author_listed_by_mistake_is_not_shown(house: House) -> None:
    house.server.answer(PATH, answer([a_paper(1, authors=[{"name": "Ada Lovelace"}, {"name": "Nobody", "hidden": True}])]))
    assert house.read("huggingface").records[0].authors == ("Ada Lovelace",)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for name, one in inner for place in places(one, (*path, name)))]


@given(data=st.data())
def test_no_mutation_of_an_answer_stops_the_rest(shared_house: House, data: st.DataObject) -> None:
    entries = copy.deepcopy(WEDNESDAY)
    victim = data.draw(st.integers(0, len(entries) - 1))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.sampled_from(places(entries[victim])))
        owner: Any = entries
        for step in (victim, *place[:-1]) if place else ():
            owner = owner[step]
        last = place[-1] if place else victim
        if place and data.draw(st.booleans()):
            del owner[last]
        else:
            owner[last] = data.draw(JSON)
    shared_house.server.answer(PATH, answer(entries))
    reading = shared_house.read("huggingface")
    assert reading.error is None
    others = {entry["paper"]["id"] for number, entry in enumerate(WEDNESDAY) if number != victim}
    assert others <= set(reading.ids)
    assert all(clean(record) == record for record in reading.records)


def test_it_expects_papers_from_monday_to_friday(house: House) -> None:
    source = house.source("huggingface")
    week = [datetime(2026, 6, 15, tzinfo=UTC).date() + timedelta(days=number) for number in range(7)]
    assert [source.expects_on(day) for day in week] == [True] * 5 + [False] * 2
