"""OAI-PMH: pages behind tokens, errors that are none, tokens that die, and the records of many years."""

from datetime import date

import pytest

from tests import playing as play
from tests.playing import Asked, Play
from tests.worker.ingest.sources.house import House, Reading, recorded
from worker.ingest.port import Progress

PATH = "/oai"
DAY = date(2017, 12, 14)


def page(*records: str, token: str | None = None, error: str = "") -> Play:
    resumption = f"<resumptionToken cursor='0'>{token}</resumptionToken>" if token is not None else ""
    inner = f"<ListRecords>{''.join(records)}{resumption}</ListRecords>" if records or resumption else ""
    return play.body(f'<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">{error}{inner}</OAI-PMH>'.encode())


def error(code: str) -> str:
    return f'<error code="{code}">some words</error>'


def record(number: int, stamp: str = "2017-12-14", created: str = "2017-12-12", status: str = "") -> str:
    metadata = f"""<metadata><arXiv xmlns="http://arxiv.org/OAI/arXiv/"><id>1712.{number:05}</id><created>{created}</created>
        <authors><author><keyname>Lovelace</keyname><forenames>Ada</forenames><suffix>Jr</suffix></author></authors>
        <title>Paper {number}</title><categories>cs.LG stat.ML</categories><abstract>We show it.</abstract></arXiv></metadata>"""
    return f"""<record><header {status}><identifier>oai:arXiv.org:1712.{number:05}</identifier><datestamp>{stamp}</datestamp></header>
        {"" if status else metadata}</record>"""


def read(house: House, word: str = "arxiv-oai:cs") -> Reading:
    return house.read(word, DAY, DAY)


def test_a_recorded_page_is_read_to_the_last_field(house: House) -> None:
    house.server.answer(PATH, play.body(recorded("arxiv_oai/arxiv-physics-hep-ex.xml")))
    reading = read(house, "arxiv-oai:physics:hep-ex")
    assert (reading.error, reading.skipped) == (None, {})
    first = reading.records[0]
    assert reading.ids == ["1706.05371", "1706.09418", "1707.00874"]
    assert (first.source, first.arxiv_id) == ("arxiv-oai", "1706.05371")
    assert first.title == "Evaluation of Silicon Photomultipliers for use as Photosensors in Liquid Xenon Detectors"
    assert first.abstract.startswith("Silicon photomultipliers (SiPMs) are")
    assert first.authors[:2] == ("Tyler Anderson", "Jacob Cutter")
    assert first.categories == ("physics.ins-det", "hep-ex")
    assert house.server.asked[0].query == {
        "verb": "ListRecords",
        "metadataPrefix": "arXiv",
        "set": "physics:hep-ex",
        "from": "2017-12-14",
        "until": "2017-12-14",
    }


@pytest.mark.parametrize(
    ("file", "doi", "author"),
    [
        ("sample_arxiv_record0", "10.1103/physrevd.93.016005", "Planck Collaboration"),
        ("sample_arxiv_record4", None, "R. W. Aikin"),
        ("sample_arxiv_record8", None, "Super-Kamiokande Collaboration"),
        ("sample_arxiv_record10", None, "Emmanuele Battista"),
    ],
)
def test_odd_records_are_read(house: House, file: str, doi: str | None, author: str) -> None:
    house.server.answer(PATH, play.body(recorded(f"arxiv_oai/{file}.xml")))
    (one,) = read(house).records
    assert one.doi == doi
    assert author in one.authors
    assert all(any(letter.isalpha() for letter in name) for name in one.authors)


def test_a_revision_is_listed_on_the_day_of_the_paper_itself(house: House) -> None:
    house.server.answer(
        PATH, page(record(1), record(2, created="2017-06-16"), record(3, created="2017-12-15"), record(4, stamp="x", created=""))
    )
    assert [one.listed_on for one in read(house).records] == [DAY, date(2017, 6, 19), date(2017, 12, 18), None]


def test_tokens_lead_from_page_to_page(house: House) -> None:
    def choose(asked: Asked) -> Play:
        pages = {None: page(record(1), token="a|1"), "a|1": page(record(2), token="a|2"), "a|2": page(record(3), token="")}
        return pages[asked.query.get("resumptionToken")]

    house.server.choose(PATH, choose)
    assert read(house).ids == ["1712.00001", "1712.00002", "1712.00003"]
    assert house.server.asked[1].query == {"verb": "ListRecords", "resumptionToken": "a|1"}


def test_no_records_are_no_error(house: House) -> None:
    house.server.answer(PATH, page(error=error("noRecordsMatch")))
    reading = read(house)
    assert (reading.records, reading.skipped, reading.error) == ([], {}, None)


def test_a_token_that_died_begins_the_list_anew_once(house: House) -> None:
    dead, first, second = page(error=error("badResumptionToken")), page(record(1), token="t"), page(record(2))
    house.server.answer(PATH, first, dead, first, second)
    reading = read(house)
    assert (reading.ids, reading.error) == (["1712.00001", "1712.00002"], None)


def test_a_token_that_dies_again_is_told(house: House) -> None:
    dead, first = page(error=error("badResumptionToken")), page(record(1), token="t")
    house.server.answer(PATH, first, dead, first, dead)
    reading = read(house)
    assert reading.ids == ["1712.00001"]
    assert (reading.error or "").startswith("cs: arXiv forgot the list half-way")


def test_a_token_that_leads_back_is_left(house: House) -> None:
    house.server.answer(PATH, page(record(1), token="t"))
    reading = read(house)
    assert (reading.ids, len(house.server.asked)) == (["1712.00001"], 2)
    assert "back to one before" in (reading.error or "")


@pytest.mark.parametrize("code", ["badArgument", "cannotDisseminateFormat", "noSetHierarchy", ""])
def test_other_errors_are_told(house: House, code: str) -> None:
    house.server.answer(PATH, page(error=error(code)))
    assert f"arXiv refuses the list: {code} some words".replace("  ", " ") in (read(house).error or "").replace("  ", " ")


def test_a_busy_repository_is_waited_for(house: House) -> None:
    house.server.answer(PATH, play.status(503, Retry_After="20"), page(record(1)))
    begun = house.clock.monotonic()
    assert read(house).ids == ["1712.00001"]
    assert house.clock.monotonic() - begun >= 20


def test_deleted_records_are_passed_over_and_bad_ones_named(house: House) -> None:
    bare = "<record><header><identifier>oai:arXiv.org:1712.00002</identifier></header></record>"
    untitled = record(3).replace("<title>Paper 3</title>", "")
    nameless = record(4).replace("1712.00004", "none")
    house.server.answer(PATH, page(record(1, status='status="deleted"'), bare, untitled, nameless, "<record/>", record(5)))
    reading = read(house)
    assert (reading.ids, reading.error) == (["1712.00005"], None)
    assert reading.skipped == {
        "oai:arXiv.org:1712.00002": "has no metadata",
        "oai:arXiv.org:1712.00003": "has no title",
        "oai:arXiv.org:none": "has no arXiv id",
        "record 5": "has no header",
    }


def test_a_set_that_fails_does_not_cost_the_others(house: House) -> None:
    house.server.choose(PATH, lambda asked: page(record(1)) if asked.query["set"] == "stat" else play.body(b"<html>"))
    reading = read(house, "arxiv-oai:cs,stat")
    assert reading.ids == ["1712.00001"]
    assert (reading.error or "").startswith("cs: the answer of 127.0.0.1")
    assert [progress.words for progress in reading.of(Progress)] == ["arXiv's records of cs, 1 of 2", "arXiv's records of stat, 2 of 2"]


def test_xml_that_is_no_oai_is_told(house: House) -> None:
    house.server.answer(PATH, play.body(b"<feed/>"))
    assert "is XML, but no OAI-PMH" in (read(house).error or "")


def test_a_page_that_breaks_off_keeps_its_whole_records(house: House) -> None:
    content = recorded("arxiv_oai/arxiv-physics-hep-th.xml")
    house.server.answer(PATH, play.body(content[:-300]))
    reading = read(house, "arxiv-oai:physics:hep-th")
    assert len(reading.records) == 2
    assert "damaged XML" in (reading.error or "")


def test_a_page_that_leads_on_is_never_taken_from_memory(house: House) -> None:
    house.server.answer(PATH, play.body(b"<OAI-PMH/>", ETag='"1"'), play.status(304))
    assert read(house).error is None
    assert read(house).error is None
    assert house.server.asked[1].headers["if-none-match"] == '"1"'
