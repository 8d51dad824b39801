"""Files as people have them: the client's page, exports, tables, and what is none of these."""

import gzip
import json
import os
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from tests.worker.ingest.sources.house import DATA, TODAY, House, Reading

SAMPLE = Path(__file__).parents[3] / "data" / "render" / "sample_page.jsonl"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "papers of the week.csv"


def read(house: House, path: Path, content: bytes | str) -> Reading:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return house.read(f"file:{path}")


def test_the_clients_page_is_read_exactly_as_it_is(house: House) -> None:
    reading = house.read(f"file:{DATA / 'trending_page.txt'}")
    assert (reading.error, reading.skipped) == (None, {})
    sample = [json.loads(line) for line in SAMPLE.read_text(encoding="utf-8").splitlines()]
    assert len(sample) == 78
    assert [(record.title, record.abstract) for record in reading.records] == [(paper["title"], paper["abstract"]) for paper in sample]
    assert {record.listed_on for record in reading.records} == {date(2026, 4, 3)}
    assert {(record.source, record.url, record.arxiv_id) for record in reading.records} == {("file:trending_page.txt", None, None)}
    assert len(set(reading.ids)) == 78


ROW = {
    "title": "LoopCoder-v2",
    "abstract": "We study loops.",
    "authors": "Jian Yang; Shawn Guo",
    "url": "https://arxiv.org/abs/2606.18023v1",
    "arxiv_id": "2606.18023v1",
    "doi": "10.1145/1234567.890",
    "date": "2026-06-16",
    "votes": "73",
    "categories": "cs.LG, cs.CL",
    "keywords": "loops; transformers",
}


def test_a_table_is_read_to_the_last_field(house: House, path: Path) -> None:
    reading = read(house, path, ",".join(ROW) + "\n" + ",".join(f'"{value}"' for value in ROW.values()) + "\n")
    assert (reading.error, reading.skipped) == (None, {})
    (record,) = reading.records
    assert (record.source, record.external_id) == ("file:papers of the week.csv", "2606.18023v1")
    assert (record.title, record.abstract) == ("LoopCoder-v2", "We study loops.")
    assert record.authors == ("Jian Yang", "Shawn Guo")
    assert (record.arxiv_id, record.doi, record.url) == ("2606.18023", "10.1145/1234567.890", "https://arxiv.org/abs/2606.18023v1")
    assert (record.published_at, record.listed_on) == (datetime(2026, 6, 16, tzinfo=UTC), TODAY)
    assert (record.votes, record.categories, record.keywords) == (73, ("cs.LG", "cs.CL"), ("loops", "transformers"))


@pytest.mark.parametrize(
    "names",
    [
        {"title": "Title", "abstract": "Summary", "url": "Link", "arxiv_id": "arXiv ID", "date": "Published", "votes": "Upvotes"},
        {"title": "TITLE", "abstract": "summary", "url": "link", "arxiv_id": "id", "date": "publishedAt", "votes": "up_votes"},
    ],
)
def test_header_names_are_taken_as_people_write_them(house: House, path: Path, names: dict[str, str]) -> None:
    row = {names.get(name, name): value for name, value in ROW.items()}
    plain = read(house, path, json.dumps([ROW])).records
    assert read(house, path, json.dumps([row])).records == plain
    assert read(house, path, json.dumps(row)).records == plain
    assert read(house, path, "\ufeff" + ";".join(row) + "\r\n" + ";".join(f'"{value}"' for value in row.values())).records == plain


def test_lists_and_numbers_of_json_are_taken_as_they_are(house: House, path: Path) -> None:
    row = ROW | {"authors": ["Jian Yang", {"name": "Shawn Guo"}], "votes": 73, "categories": ["cs.LG", "cs.CL"], "arxiv_id": 2606.18023}
    (record,) = read(house, path, json.dumps([row])).records
    assert (record.authors, record.votes, record.categories) == (("Jian Yang", "Shawn Guo"), 73, ("cs.LG", "cs.CL"))
    assert record.arxiv_id == "2606.18023"


def test_a_saved_answer_of_the_daily_papers_is_a_file_of_papers(house: House) -> None:
    reading = house.read(f"file:{DATA / 'huggingface' / '2026-06-17.json'}")
    assert (reading.error, reading.skipped, len(reading.records)) == (None, {}, 4)
    first = reading.records[0]
    assert (first.arxiv_id, first.votes, first.authors[0]) == ("2606.18023", 73, "Jian Yang")
    assert (first.summary or "").startswith("Parallel loop Transformers")


def test_gzip_is_unpacked(house: House, path: Path) -> None:
    assert read(house, path, gzip.compress(json.dumps([ROW]).encode())).ids == ["2606.18023v1"]


def test_rows_that_are_bad_are_skipped_with_their_lines(house: House, path: Path) -> None:
    lines = [json.dumps(ROW), "{", "[]", '{"title": " "}', "", '{"title": "Last"}']
    reading = read(house, path, "\n".join(lines))
    assert reading.ids == ["2606.18023v1", "last"]
    assert list(reading.skipped) == ["line 2", "line 3", "line 4"]
    assert [reason.partition(":")[0] for reason in reading.skipped.values()] == ["is not JSON", "is no JSON object", "has no title"]


def test_bytes_that_are_no_utf8_cost_their_row(house: House, path: Path) -> None:
    reading = read(house, path, b"title,votes\nCaf\xe9,1\nPlain,2\n")
    assert reading.ids == ["plain"]
    assert reading.skipped == {"line 2": "holds bytes that are no UTF-8; save the file as UTF-8"}


def test_utf16_as_spreadsheets_write_it_is_read(house: House, path: Path) -> None:
    assert [record.title for record in read(house, path, "title\tvotes\r\nCafé\t1\r\n".encode("utf-16")).records] == ["Café"]


@pytest.mark.parametrize("cut", [lambda text: text[:-10], lambda text: gzip.compress(text)[:-8]])
def test_what_stands_before_a_damage_is_read_and_the_damage_told(house: House, path: Path, cut: object) -> None:
    rows = json.dumps([ROW | {"title": f"Paper {number}", "arxiv_id": f"2606.{number:05}"} for number in range(50)]).encode()
    reading = read(house, path, cut(rows))  # type: ignore[operator]  # a function of bytes
    assert len(reading.records) >= 49
    assert (reading.error or "").startswith(f"{path}: is ")


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "is empty"),
        (b"%PDF-1.7 ...", "is a PDF"),
        (b"PK\x03\x04....", "is a ZIP archive, or an office document"),
        (b"<!doctype html><html>", "is a web page (HTML)"),
        (b"<?xml version='1.0'?><feed/>", "is XML"),
        (b"\x00\x01\x02\x03", "is binary data"),
        (b"Dear all,\n\nplease find attached", "is plain text with neither a header nor a date"),
        (b'{"name": "x"}', "is a JSON object with neither a title nor a list"),
        (b"[" * 100_000, "is nested too deeply"),
        (b"\x1f\x8b\x08\x00garbage", "is gzip that ends early"),
    ],
)
def test_a_file_that_is_none_says_which_what_it_is_and_what_is_read(house: House, path: Path, content: bytes, found: str) -> None:
    reading = read(house, path, content)
    assert reading.records == []
    assert (reading.error or "").startswith(f"{path}: {found}")
    assert "gzip" in found or "JSON lines, CSV" in (reading.error or "")


def test_what_is_no_file_says_so(house: House, tmp_path: Path) -> None:
    assert house.read(f"file:{tmp_path}").error == f"{tmp_path}: is no file"
    assert house.read(f"file:{tmp_path}/none.csv").error == f"{tmp_path}/none.csv: does not exist; check the path"
    os.mkfifo(tmp_path / "pipe")
    assert house.read(f"file:{tmp_path}/pipe").error == f"{tmp_path}/pipe: is no file"


def test_a_gzip_bomb_is_told_before_it_fills_memory(house: House, path: Path) -> None:
    assert "unpacks to more than 100 MB" in (read(house, path, gzip.compress(bytes(101_000_000))).error or "")


def test_a_listing_day_of_the_row_is_kept(house: House, path: Path) -> None:
    reading = read(house, path, json.dumps([ROW | {"listed_on": "2026-06-17"}, {"title": "Another", "daily_date": "2026-06-16"}]))
    assert [record.listed_on for record in reading.records] == [date(2026, 6, 17), date(2026, 6, 16)]
