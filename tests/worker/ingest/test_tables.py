"""Rows by their lines, and bad rows that cost themselves alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.ingest import tables
from worker.ingest.foreign import Unfit
from worker.ingest.tables import Row


def csv_rows(text: str) -> list[Row]:
    delimiter = tables.csv_delimiter(text)
    assert delimiter
    return list(tables.csv_rows(text, delimiter))


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("title,abstract\n", ","),
        ("\n Title ; Abstract \n", ";"),
        ('"TITLE"\t"x"\r\n', "\t"),
        ("arXiv ID|Title", "|"),
        ("title", ","),
        ("headline,abstract", None),
        ("", None),
        ('"title', ","),
    ],
)
def test_a_table_is_known_by_a_title_in_its_header(text: str, delimiter: str | None) -> None:
    assert tables.csv_delimiter(text) == delimiter


def test_rows_know_their_lines_also_when_a_field_spans_several() -> None:
    rows = csv_rows('\nTitle,arXiv_ID\n"One\nmore, ""quoted""",1\n\nTwo,2\n')
    assert rows == [Row(3, {"title": 'One\nmore, "quoted"', "arxivid": "1"}), Row(6, {"title": "Two", "arxivid": "2"})]


def test_bad_rows_cost_themselves_alone() -> None:
    rows = csv_rows('title,votes\nOne,1\nTwo, too many,2\n"Three"x,3\nFour\n' + f'"{"x" * 200_000}",5\nSix,6\n')
    assert [row.line for row in rows] == [2, 3, 4, 5, 6, 7]
    assert [row.fields.get("title") for row in rows if not row.fault] == ["One", "Four", "Six"]
    assert [row.fault.partition(":")[0] for row in rows if row.fault] == ["has 3 fields, and the header 2"] + ["is no row of the table"] * 2


def test_a_quote_left_open_costs_its_own_line() -> None:
    rows = csv_rows('title,votes\nOne,1\n"Two,2\nThree,3\nFour,4\n')
    assert [(row.line, row.fields.get("title")) for row in rows] == [(2, "One"), (3, None), (4, "Three"), (5, "Four")]
    assert "unexpected end of data" in rows[1].fault


def test_an_object_a_line() -> None:
    rows = list(tables.json_line_rows('{"Title": "One"}\n\nnot json\n[1]\n{"title": "Two\u2028"}\n'))
    assert [(row.line, row.fields.get("title")) for row in rows] == [(1, "One"), (3, None), (4, None), (5, "Two\u2028")]
    assert rows[1].fault.startswith("is not JSON")
    assert rows[2].fault == "is no JSON object"


def test_one_object_with_a_list_or_a_title() -> None:
    assert [row.fields["title"] for row in tables.json_line_rows('{\n "papers": [\n {"title": "One"}, {"title": "Two"}]}')] == [
        "One",
        "Two",
    ]
    assert [row.fields["title"] for row in tables.json_line_rows('{"title": "One"}')] == ["One"]
    with pytest.raises(Unfit, match="neither a title nor a list"):
        list(tables.json_line_rows('{"name": "x"}'))


def test_items_of_an_array_know_their_lines() -> None:
    rows = list(tables.json_rows('[\n{"title": "One"},\n\n7, {"paper": {"title": "Three", "id": "3"}}]'))
    assert [(row.line, row.fields.get("title"), row.fault) for row in rows] == [
        (2, "One", ""),
        (4, None, "is no JSON object"),
        (4, "Three", ""),
    ]


@given(st.text(st.sampled_from('title,"\n\r ;x{}[]:1'), max_size=80))
def test_no_table_breaks_the_reader(text: str) -> None:
    for rows in (tables.json_rows(text), tables.json_line_rows(f"{{{text}"), tables.csv_rows(f"title,x\n{text}", ",")):
        try:
            assert all(row.line >= 0 for row in rows)
        except Unfit:
            continue
