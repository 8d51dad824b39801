import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscribers.choices import Choices
from subscribers.sheet import Entry, RowFault, SheetError, read_sheet, write_sheet
from subscribers.topics import Rejected, check_keyword
from tests.subscribers.builders import CATALOGUE, some_choices


def read(*lines: str) -> list[Entry | RowFault]:
    return list(read_sheet([line + "\n" for line in lines], CATALOGUE))


@pytest.mark.parametrize(
    "header",
    ["email,name", "\ufeffEMAIL, Name", '"e-mail","name"', "address\tname", "Mail;name", "name,email"],
)
def test_headers_of_many_spreadsheets_are_understood(header: str) -> None:
    delimiter = next((mark for mark in ";\t" if mark in header), ",")
    cells = ["Ada", "ada@example.org"] if header.startswith("name") else ["ada@example.org", "Ada"]

    assert read(header, delimiter.join(cells)) == [Entry(2, "ada@example.org", Choices(name="Ada"))]


def test_only_the_address_is_needed_and_unknown_columns_are_passed_over() -> None:
    assert read("email,company,,name", "ada@example.org,Analytical Engines,x,Ada") == [Entry(2, "ada@example.org", Choices(name="Ada"))]


@pytest.mark.parametrize("lines", [(), ("",), ("name,topics",), ("ada@example.org,Ada",)])
def test_a_file_without_a_header_is_refused_as_a_whole(lines: tuple[str, ...]) -> None:
    with pytest.raises(SheetError, match="names no column email"):
        read(*lines)


def test_lines_are_counted_as_an_editor_counts_them() -> None:
    found = read("email,name", "", '"ada@example.org","Ada', 'Lovelace"', "nonsense,", "ada,b,c,d")

    assert found[0] == Entry(3, "ada@example.org", Choices(name="Ada Lovelace"))
    assert [(row.line, row.field) for row in found[1:] if isinstance(row, RowFault)] == [(5, "email"), (6, "row"), (6, "email")]


def test_blank_cells_take_the_given_default() -> None:
    default = Choices(zone="Asia/Tokyo", hour=7)

    [entry] = read_sheet(["email,hour,timezone\n", "ada@example.org,,\n"], CATALOGUE, default)

    assert entry == Entry(2, "ada@example.org", default)


def test_a_cell_longer_than_a_file_may_hold_spoils_its_row_alone() -> None:
    found = read("email,name", f"ada@example.org,{'x' * 200_000}", "bob@example.org,Bob")

    assert isinstance(found[0], RowFault)
    assert found[-1] == Entry(3, "bob@example.org", Choices(name="Bob"))


def test_a_cell_that_a_spreadsheet_would_run_is_written_as_text_and_read_back() -> None:
    choices = some_choices(keywords=("=1+1 cmd", "-omics", "@home"))
    lines = list(write_sheet([("ada@example.org", choices)], CATALOGUE))

    assert not any(cell.startswith(("=", "+", "-", "@")) for row in csv.reader(lines) for cell in row)
    assert list(read_sheet(lines, CATALOGUE)) == [Entry(2, "ada@example.org", choices)]


def keyword(text: str) -> str | None:
    try:
        return check_keyword(text)
    except Rejected:
        return None


@given(st.lists(st.text(max_size=30).map(keyword).filter(lambda word: word and ";" not in word and word[0] != "'"), max_size=5))
def test_any_keyword_survives_the_way_through_a_file(typed: list[str]) -> None:
    keywords = tuple({word.casefold(): word for word in typed}.values())
    lines = list(write_sheet([("ada@example.org", Choices(keywords=keywords))], CATALOGUE))

    assert list(read_sheet(lines, CATALOGUE)) == [Entry(2, "ada@example.org", Choices(keywords=keywords))]


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=300))
def test_no_text_breaks_the_reading(text: str) -> None:
    for row in read_sheet(["email,name,topics\n", *text.splitlines(keepends=True)], CATALOGUE):
        assert isinstance(row, Entry | RowFault)
        assert row.line > 1
