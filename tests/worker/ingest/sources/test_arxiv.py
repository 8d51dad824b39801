"""arXiv by category: today's feed in both its forms, and the lists of days past."""

from datetime import UTC, date, datetime

import pytest

from tests import playing as play
from tests.worker.ingest.sources.house import TODAY, House, recorded
from worker.ingest.port import Progress

FEED = "/atom/cs.AI"
QUERY = "/api/query"
ATOM = recorded("arxiv_feed/cs.AI_2025-08-20.xml")


def rss(*items: str) -> play.Play:
    return play.body(
        f"""<?xml version='1.0' encoding='UTF-8'?>
        <rss xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns:dc="http://purl.org/dc/elements/1.1/" version="2.0"><channel>
        {"".join(items)}</channel></rss>""".encode()
    )


def item(number: int, kind: str = "new", published: str = "Mon, 22 Jun 2026 00:00:00 -0400") -> str:
    return f"""<item><title>Paper {number}</title><link>https://arxiv.org/abs/2606.{number:05}</link>
        <description>arXiv:2606.{number:05}v1 Announce Type: {kind}
Abstract: We show {number}.</description>
        <guid isPermaLink="false">oai:arXiv.org:2606.{number:05}v1</guid><category>cs.LG</category><category>stat.ML</category>
        <pubDate>{published}</pubDate><arxiv:announce_type>{kind}</arxiv:announce_type>
        <dc:creator>Paulo Andr\\'e Lima, Ann Lee (MIT, Cambridge)</dc:creator></item>"""


def test_the_recorded_feed_is_read_whole(house: House) -> None:
    house.server.answer(FEED, play.body(ATOM))
    reading = house.read("arxiv:cs.AI")
    assert (reading.error, reading.skipped, len(reading.records)) == (None, {}, 7)
    first = reading.records[0]
    assert (first.external_id, first.arxiv_id, first.source) == ("2508.13426", "2508.13426", "arxiv")
    assert first.title.startswith("ALIGN: Word Association Learning")
    assert first.abstract.startswith("As large language models")
    assert first.authors == ("Chunhua Liu", "Kabir Manandhar Shrestha", "Sukai Huang")
    assert first.categories == ("cs.CL", "cs.AI")
    assert first.url == "https://arxiv.org/abs/2508.13426"
    assert "Paulo André Lima de Castro" in {name for record in reading.records for name in record.authors}


def test_a_feed_of_old_is_listed_today_and_one_of_these_days_on_its_own(house: House) -> None:
    house.server.answer(FEED, play.body(ATOM))
    assert {record.listed_on for record in house.read("arxiv:cs.AI").records} == {TODAY}
    house.server.answer(FEED, play.body(ATOM.replace(b"2025-08-20T00:00:00-04:00", b"2026-06-19T00:00:00-04:00")))
    assert {record.listed_on for record in house.read("arxiv:cs.AI").records} == {date(2026, 6, 19)}


def test_replacements_are_no_new_listings(house: House) -> None:
    house.server.answer(FEED, rss(item(1), item(2, "replace"), item(3, "cross"), item(4, "replace-cross")))
    reading = house.read("arxiv:cs.AI")
    assert (reading.ids, reading.skipped) == (["2606.00001", "2606.00003"], {})


def test_the_rss_form_says_the_same(house: House) -> None:
    house.server.answer(FEED, rss(item(1)))
    (record,) = house.read("arxiv:cs.AI").records
    assert (record.title, record.abstract) == ("Paper 1", "We show 1.")
    assert record.authors == ("Paulo André Lima", "Ann Lee")
    assert record.categories == ("cs.LG", "stat.ML")
    assert record.listed_on == date(2026, 6, 22)
    assert record.published_at == datetime(2026, 6, 22, 4, tzinfo=UTC)


def test_categories_are_asked_for_together(house: House) -> None:
    house.server.answer("/atom/cs.LG+cs.CV", rss(item(1)))
    assert house.read("arxiv:cs.LG,cs.CV").ids == ["2606.00001"]


def test_today_is_the_feeds_and_days_past_are_the_querys(house: House) -> None:
    house.server.answer(FEED, rss(item(1)))
    house.server.answer(QUERY, play.body(recorded("arxiv_query/id_1707.08567_s0_m100.xml")))
    reading = house.read("arxiv:cs.AI", date(2026, 6, 17), TODAY)
    assert [(record.external_id, record.listed_on) for record in reading.records] == [
        ("2606.00001", TODAY),
        *(("1707.08567", date(2026, 6, day)) for day in (19, 18, 17)),
    ]
    assert [asked.query["search_query"].partition("submittedDate:")[2] for asked in house.server.asked_for(QUERY)] == [
        "[202606171800 TO 202606181759]",
        "[202606161800 TO 202606171759]",
        "[202606151800 TO 202606161759]",
    ]
    assert [progress.words for progress in reading.of(Progress)] == [
        "today's announcements of arXiv, 1 of 4",
        "arXiv's list of 19 June, 2 of 4",
        "arXiv's list of 18 June, 3 of 4",
        "arXiv's list of 17 June, 4 of 4",
    ]


def test_days_past_alone_do_not_ask_the_feed(house: House) -> None:
    house.server.answer(QUERY, play.body(recorded("arxiv_query/id_0000.0000_s0_m100.xml")))
    assert house.read("arxiv:cs.AI", date(2026, 6, 18), date(2026, 6, 18)).error is None
    assert house.server.asked_for(FEED) == []


def test_a_weekend_past_has_no_list(house: House) -> None:
    assert house.read("arxiv:cs.AI", date(2026, 6, 20), date(2026, 6, 21)).items == []
    assert house.server.asked == []


def test_a_feed_that_fails_does_not_cost_the_days_past(house: House) -> None:
    house.server.answer(FEED, play.body(b"<html>"))
    house.server.answer(QUERY, play.body(recorded("arxiv_query/id_1707.08567_s0_m100.xml")))
    reading = house.read("arxiv:cs.AI", date(2026, 6, 19), TODAY)
    assert reading.ids == ["1707.08567"]
    assert (reading.error or "").startswith("today: the answer of 127.0.0.1")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ((b"<title>Mitigating Easy Option Bias in Multiple-Choice Question Answering</title>", b""), "has no title"),
        ((b"oai:arXiv.org:2508.13428v1", b"urn:x"), None),  # the link still names it
        ((b"2508.13428", b"nothing"), "has no arXiv id"),
    ],
)
def test_a_bad_entry_is_skipped_and_named(house: House, change: tuple[bytes, bytes], reason: str | None) -> None:
    house.server.answer(FEED, play.body(ATOM.replace(*change)))
    reading = house.read("arxiv:cs.AI")
    assert len(reading.records) == (7 if reason is None else 6)
    assert list(reading.skipped.values()) == ([reason] if reason else [])


def test_a_feed_without_entries_is_a_day_without_papers(house: House) -> None:
    house.server.answer(FEED, rss())
    reading = house.read("arxiv:cs.AI")
    assert (reading.records, reading.error) == ([], None)


def test_not_modified_gives_the_same_papers_again(house: House) -> None:
    house.server.choose(FEED, play.conditional(ATOM, '"feed-1"'))
    assert house.read("arxiv:cs.AI").records == house.read("arxiv:cs.AI").records
    assert house.server.asked[1].headers["if-none-match"] == '"feed-1"'
