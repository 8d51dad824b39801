"""Rows of JSON, JSON lines and CSV, each with the line it stands on. A bad row costs itself alone; what they mean is not known here."""

import csv
import re
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from itertools import islice

from worker.ingest.foreign import Unfit, as_mapping, json_items_at, json_value

DELIMITERS = ",;\t|"
LISTS = ("papers", "items", "data", "results", "records", "entries")


@dataclass(frozen=True, slots=True)
class Row:
    """One row by its line, with its fields, whose names are reduced to lower-case letters and digits; or why it cannot be read."""

    line: int
    fields: Mapping[str, object]
    fault: str = ""


def field_name(name: str) -> str:
    """`arXiv ID`, `arxiv_id` and `arxivId` are one name."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def json_rows(text: str) -> Iterator[Row]:
    """The items of an array. Unfit where it is damaged."""
    line, counted = 1, 0
    for at, item in json_items_at(text):
        line, counted = line + text.count("\n", counted, at), at
        yield _row(line, item)


def json_line_rows(text: str) -> Iterator[Row]:
    """An object a line; or the list of papers in one object, however it is laid out. Unfit when that object has none."""
    lines = text.split("\n")
    filled = [number for number, line in enumerate(lines, 1) if line.strip()]
    if len(filled) == 1 or not _is_object(lines[filled[0] - 1]):
        try:
            whole = as_mapping(json_value(text))
        except Unfit:
            whole = {}
        if whole:
            yield from _of_one_object(whole)
            return
    for number in filled:
        try:
            yield _row(number, json_value(lines[number - 1]))
        except Unfit as fault:
            yield Row(number, {}, str(fault))


def csv_delimiter(text: str) -> str | None:
    """What separates the fields of a table whose first line names a title; None when it is no such table."""
    first = next((line for line in re.split(r"[\r\n]+", text[:100_000]) if line.strip()), "")
    return next((one for one in DELIMITERS if "title" in _header(first, one)), None)


def csv_rows(text: str, delimiter: str) -> Iterator[Row]:
    """The rows under the header. A quote that is never closed costs its own line, not the rest of the table."""
    lines = list(StringIO(text, newline=""))
    at = next(number for number, line in enumerate(lines) if line.strip())
    header = _header(lines[at], delimiter)
    at += 1
    while at < len(lines):
        at = yield from _rows_until_open_quote(lines, at, header, delimiter)


def _rows_until_open_quote(lines: Sequence[str], begun: int, header: Sequence[str], delimiter: str) -> Generator[Row, None, int]:
    """The rows from line `begun` on; returns the line to go on at, which is the one after a quote that is never closed."""
    reader = csv.reader(islice(lines, begun, None), delimiter=delimiter, strict=True, skipinitialspace=True)
    while True:
        start = begun + reader.line_num
        try:
            values = next(reader)
        except StopIteration:
            return len(lines)
        except csv.Error as error:
            yield Row(start + 1, {}, f"is no row of the table: {error}")
            if "unexpected end" in str(error):
                return start + 1
        else:
            if any(value.strip() for value in values):
                yield _table_row(start + 1, header, values)


def _header(line: str, delimiter: str) -> list[str]:
    try:
        return [field_name(name) for name in next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])]
    except csv.Error:
        return []


def _table_row(line: int, header: Sequence[str], values: Sequence[str]) -> Row:
    if len(values) > len(header):
        return Row(line, {}, f"has {len(values)} fields, and the header {len(header)}: is a quote missing?")
    return Row(line, dict(zip(header, values, strict=False)))


def _of_one_object(whole: Mapping[str, object]) -> Iterator[Row]:
    fields = {field_name(str(name)): value for name, value in whole.items()}
    for name in LISTS:
        listed = fields.get(name)
        if isinstance(listed, list):
            yield from (_row(number, item) for number, item in enumerate(listed, 1))
            return
    if "title" not in fields and "paper" not in fields:
        raise Unfit(f"is a JSON object with neither a title nor a list of papers (one of: {', '.join(LISTS)})")
    yield _row(1, whole)


def _row(line: int, item: object) -> Row:
    if not isinstance(item, dict):
        return Row(line, {}, "is no JSON object")
    # A saved answer of the daily papers API holds the paper one level down.
    fields = {**as_mapping(item.get("paper")), **item}
    return Row(line, {field_name(str(name)): value for name, value in fields.items()})


def _is_object(line: str) -> bool:
    try:
        return isinstance(json_value(line), dict)
    except Unfit:
        return False
