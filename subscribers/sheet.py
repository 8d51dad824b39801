"""Readers as a CSV file: one form to write, and forgiving eyes to read. Touches no database; a bad row never stops the rest.

Columns: email, name, topics, keywords, authors (several with semicolons), timezone, hour, cadence ("weekly friday"), and, as exports have
them, mutes, for_you, trending. Only email is needed. Refuses a file without that column.
"""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from subscribers.addresses import AddressError, check_address
from subscribers.cadence import WEEKDAYS, Cadence
from subscribers.choices import Choices, ChoicesError, check_choices
from subscribers.topics import Catalogue

COLUMNS = ("email", "name", "topics", "keywords", "authors", "timezone", "hour", "cadence", "mutes", "for_you", "trending")
_OTHER_NAMES = {"e-mail": "email", "address": "email", "mail": "email", "zone": "timezone", "time zone": "timezone", "tz": "timezone"}
_LISTS = frozenset({"topics", "keywords", "authors", "mutes"})
# Spreadsheets run a cell that begins so as a formula; an apostrophe in front makes it text.
_FORMULA = ("=", "+", "-", "@", "\t")


class SheetError(ValueError):
    """The file as a whole cannot be read; the words say why and what to do."""


@dataclass(frozen=True, slots=True)
class RowFault:
    """What is wrong in one line."""

    line: int
    field: str
    value: str
    remedy: str

    def __str__(self) -> str:
        return f"line {self.line}, {self.field} {self.value!r}: {self.remedy}"


@dataclass(frozen=True, slots=True)
class Entry:
    """One good line."""

    line: int
    address: str
    choices: Choices


def read_sheet(lines: Iterable[str], catalogue: Catalogue, default: Choices | None = None) -> Iterator[Entry | RowFault]:
    """The entries of a CSV file, and the faults of its bad lines, in order. Blank cells take their value in `default`.

    Raises SheetError when there is no header with an email column.
    """
    rows = _rows(iter(lines))
    _, header = next(rows, (1, [""]))
    if isinstance(header, str):
        raise SheetError(f"the first line cannot be read: {header}")
    columns = [_column(cell) for cell in header]
    if "email" not in columns:
        raise SheetError(f"the first line names no column email; it must be a header such as {','.join(COLUMNS[:8])}")
    for line, row in rows:
        if isinstance(row, str):
            yield RowFault(line, "row", row, "save the file as CSV in UTF-8, with quotes around cells that hold quotes or line breaks")
        elif any(cell.strip() for cell in row):
            yield from _entry(line, dict(zip(columns, row, strict=False)), len(row) - len(columns), catalogue, default)


def write_sheet(rows: Iterable[tuple[str, Choices]], catalogue: Catalogue) -> Iterator[str]:
    """A CSV file, line by line, that `read_sheet` reads back."""
    writer = csv.writer(_Lines(), lineterminator="\r\n")
    yield writer.writerow(COLUMNS)
    for address, choices in rows:
        yield writer.writerow([_safe(cell) for cell in _cells(address, choices, catalogue)])


class _Lines:
    """What csv.writer writes to: hands each line back."""

    def write(self, line: str) -> str:
        return line


def _rows(lines: Iterator[str]) -> Iterator[tuple[int, list[str] | str]]:
    """(number of the first line, cells) of each row; the words of the fault instead of cells where a row cannot be read."""
    first = next(lines, "").removeprefix("\ufeff")
    # A header holds no lists, so what separates its cells is plain to see: spreadsheets of many countries write semicolons.
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(_chained(first, lines), delimiter=delimiter, skipinitialspace=True)
    while True:
        begins = reader.line_num + 1
        try:
            yield begins, next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield begins, str(error)


def _chained(first: str, lines: Iterator[str]) -> Iterator[str]:
    yield first
    yield from lines


def _column(cell: str) -> str:
    name = cell.strip().casefold()
    return _OTHER_NAMES.get(name, name)


def _entry(line: int, cells: dict[str, str], surplus: int, catalogue: Catalogue, default: Choices | None) -> Iterator[Entry | RowFault]:
    faults = []
    if surplus > 0:
        faults.append(RowFault(line, "row", f"{surplus} cells too many", "put quotes around cells that hold the separator"))
    typed = {name: _values(name, cell) for name, cell in cells.items() if name in COLUMNS}
    address, choices = "", Choices()
    try:
        address = check_address(cells.get("email", ""))
    except AddressError as error:
        faults.append(RowFault(line, "email", error.value[:60], error.remedy))
    try:
        choices = check_choices(typed, catalogue, default)
    except ChoicesError as error:
        faults += [RowFault(line, fault.field, fault.value, fault.remedy) for fault in error.faults]
    if faults:
        yield from faults
    else:
        yield Entry(line, address, choices)


def _values(name: str, cell: str) -> list[str]:
    values = cell.split(";") if name in _LISTS else [cell]
    return [value[1:] if value.startswith("'") and value[1:].startswith(_FORMULA) else value for value in map(str.strip, values)]


def _cells(address: str, choices: Choices, catalogue: Catalogue) -> Iterator[str]:
    yield address
    yield choices.name
    yield "; ".join(topic.name if (topic := catalogue.get(key)) else key for key in choices.topics)
    yield "; ".join(choices.keywords)
    yield "; ".join(choices.authors)
    yield choices.zone
    yield str(choices.hour)
    yield f"weekly {WEEKDAYS[choices.weekday].casefold()}" if choices.cadence is Cadence.WEEKLY else choices.cadence
    yield "; ".join(choices.mutes)
    yield str(choices.for_you)
    yield str(choices.trending)


def _safe(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
