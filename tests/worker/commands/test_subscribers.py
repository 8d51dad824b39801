"""`subscribers` and `suppress`: who may be written to, by hand and by file."""

import csv
import time
from pathlib import Path

import pytest

from tests.worker.commands.desk import Desk

HEADER = "email,name,topics,keywords,authors,timezone,hour,cadence"


def sheet(folder: Path, *lines: str, header: str = HEADER) -> str:
    file = folder / "readers.csv"
    file.write_text("\n".join((header, *lines, "")), encoding="utf-8")
    return str(file)


def standings(desk: Desk) -> str:
    return desk.done("subscribers", "list").splitlines()[-1]


def test_one_reader_is_added_with_what_was_typed(desk: Desk) -> None:
    typed = ["--name", "Ada", "--topics", "robotics; Language Models", "--keywords", "mamba; ssm", "--authors", "Y. LeCun"]
    typed += ["--zone", "Europe/Berlin", "--hour", "7", "--cadence", "weekly friday", "--confirmed"]
    assert desk.done("subscribers", "add", "Ada@Example.ORG", *typed) == "Ada@example.org is active\n"
    [_, row] = csv.reader(desk.done("subscribers", "export").splitlines())
    assert row == [
        *("Ada@example.org", "Ada", "Language models; Robotics", "mamba; ssm", "Y. LeCun"),
        *("Europe/Berlin", "7", "weekly friday", "", "5", "5"),
    ]


def test_without_confirmed_a_letter_asks_and_is_not_asked_for_twice(desk: Desk) -> None:
    assert "pending; a letter asks them to confirm" in desk.done("subscribers", "add", "ada@example.org")
    again = desk.run("subscribers", "add", "ADA@example.org")
    assert again.code == 1
    assert "is pending already" in again.err
    assert "accepted: 1" in desk.done("send")
    assert len(desk.mails()) == 1
    assert "is active" in desk.done("subscribers", "add", "ada@example.org", "--confirmed")


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        (["ada"], "email"),
        (["@"], "email"),
        ([""], "email"),
        (["ada@example.org, bob@example.org"], "email"),
        (['"a\nb"@example.org'], "email"),
        (["ada@example.org", "--topics", "Robotiks"], "topics"),
        (["ada@example.org", "--zone", "Mars/Base"], "timezone"),
        (["ada@example.org", "--hour", "25"], "hour"),
        (["ada@example.org", "--hour", "morning"], "hour"),
        (["ada@example.org", "--cadence", "hourly"], "cadence"),
        (["ada@example.org", "--keywords", "x" * 500], "keywords"),
        (["ada@example.org", "--authors", "X"], "authors"),
    ],
)
def test_what_cannot_be_is_named_with_its_remedy_and_is_wrong_usage(desk: Desk, typed: list[str], field: str) -> None:
    said = desk.run("subscribers", "add", *typed)
    assert said.code == 2
    assert said.err.startswith(f"paperboy: {field} ")
    assert standings(desk).startswith("nobody subscribes yet")


def test_who_left_or_is_suppressed_is_not_brought_back(stocked: Desk) -> None:
    stocked.done("suppress", "ada@example.org", "--because", "asked by phone")
    said = stocked.run("subscribers", "add", "ada@example.org", "--confirmed")
    assert said.code == 1
    assert "is suppressed; see: paperboy suppress EMAIL --lift" in said.err
    assert "subscribes already" in stocked.run("subscribers", "add", "bob@example.org").err


def test_every_bad_row_is_named_once_with_its_line_and_all_its_reasons_and_good_rows_are_kept(desk: Desk, tmp_path: Path) -> None:
    file = sheet(
        tmp_path,
        "ada@example.org,Ada,Robotics,,,UTC,8,daily",
        "bad,B,Nonsense,,,Mars/Base,99,hourly",
        "bob@example.org,Bob,,,,,,",
        "ada@EXAMPLE.org,Ada again,,,,,,",
        "cleo@example.org,[red]Cleo[/],,,,,,surplus,more",
        "dora@example.org,Dora,,,,,,",
    )
    said = desk.run("subscribers", "import", file, "--confirmed")
    assert said.code == 1
    lines = said.out.splitlines()
    assert lines[:2] == ["readers.csv line 3: " + lines[0].partition(": ")[2], "readers.csv line 6: " + lines[1].partition(": ")[2]]
    for field in ("email 'bad'", "topics 'Nonsense'", "timezone 'Mars/Base'", "hour '99'", "cadence 'hourly'"):
        assert field in lines[0]
    assert "3 new, 0 pending, 0 known already, 1 twice in the file, 0 had left, 0 suppressed, 2 bad rows" in said.out
    assert "added 3, confirmed 0" in said.out
    assert standings(desk) == "3 active"


def test_more_bad_rows_than_anybody_reads_are_all_named(desk: Desk, tmp_path: Path) -> None:
    said = desk.run("subscribers", "import", sheet(tmp_path, *[f"bad{number}" for number in range(300)]))
    assert said.out.count("readers.csv line ") == 300


def test_a_dry_run_says_the_same_and_writes_nothing(desk: Desk, tmp_path: Path) -> None:
    file = sheet(tmp_path, "ada@example.org", "bad", header="email")
    before = desk.everything()
    said = desk.run("subscribers", "import", file, "--dry-run", "--confirmed")
    assert said.code == 1
    assert "1 new" in said.out
    assert "line 3" in said.out
    assert "dry run: nothing was written" in said.out
    assert desk.everything() == before


def test_importing_twice_changes_nothing_the_second_time(desk: Desk, tmp_path: Path) -> None:
    file = sheet(tmp_path, "ada@example.org,Ada,Robotics,,,,,", "bob@example.org,,,,,,,")
    desk.done("subscribers", "import", file, "--confirmed")
    before = desk.everything()
    assert "2 known already" in desk.done("subscribers", "import", file, "--confirmed")
    assert desk.everything() == before


def test_an_import_without_consent_asks_each_by_letter_and_one_with_consent_confirms_them(desk: Desk, tmp_path: Path) -> None:
    file = sheet(tmp_path, "ada@example.org,,,,,,,", "bob@example.org,,,,,,,")
    assert "added 2, confirmed 0; 2 letters ask them to confirm" in desk.done("subscribers", "import", file)
    assert standings(desk) == "2 pending"
    assert "added 0, confirmed 2" in desk.done("subscribers", "import", file, "--confirmed")
    assert standings(desk) == "2 active"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b" \r\n \r\n", "is empty"),
        (b"name,topics\nAda,Robotics\n", "names no column email"),
        (b"ada@example.org\nbob@example.org\n", "names no column email"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0", "names no column email"),
        (b"PK\x03\x04" + bytes(range(256)), "names no column email"),
    ],
)
def test_a_file_that_is_no_sheet_of_readers_is_told_in_a_line(desk: Desk, tmp_path: Path, content: bytes, words: str) -> None:
    file = tmp_path / "odd.csv"
    file.write_bytes(content)
    said = desk.run("subscribers", "import", str(file))
    assert said.code == 1
    assert said.err.startswith(f"paperboy: odd.csv: {words if words == 'is empty' else ''}")
    assert words in said.err
    assert "the columns are email, name, topics" in said.err
    assert said.err.count("\n") == 1


@pytest.mark.parametrize("path", ["none.csv", "."])
def test_a_path_that_is_no_file_is_wrong_usage(desk: Desk, path: str) -> None:
    said = desk.run("subscribers", "import", path)
    assert said.code == 2
    assert path in said.err


def test_what_spreadsheets_save_is_read(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "excel.csv"
    file.write_bytes('\ufeffE-Mail;Name;Topics\r\nada@example.org;Ada;"Robotics; Language models"\r\n'.encode())
    assert "added 1" in desk.done("subscribers", "import", str(file), "--confirmed")
    file.write_bytes("email\tname\r\nbob@example.org\tBöb\r\n".encode("utf-16"))
    assert "added 1" in desk.done("subscribers", "import", str(file), "--confirmed")
    assert "bob@example.org,Böb" in desk.done("subscribers", "export")


def test_a_row_of_another_encoding_is_bad_and_its_neighbours_are_good(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "latin.csv"
    file.write_bytes(
        "email,name\nada@example.org,Ada\nbob@example.org,Böb\ncleo@example.org,Cl\u2028eo\n".encode("utf-8").replace("ö".encode(), b"\xf6")
    )
    said = desk.run("subscribers", "import", str(file), "--confirmed")
    assert "line 3: row 'bob@example.org': holds bytes that are no UTF-8; save the file as CSV in UTF-8" in said.out
    assert "added 2" in said.out


def test_standard_input_is_a_file_too(desk: Desk) -> None:
    said = desk.run("subscribers", "import", "-", "--confirmed", stdin="email\nada@example.org\nbad\n")
    assert "standard input line 3: email 'bad'" in said.out
    assert "added 1" in said.out


def test_an_export_is_an_import(stocked: Desk, tmp_path: Path) -> None:
    file = tmp_path / "export.csv"
    exported = stocked.done("subscribers", "export")
    file.write_text(exported, encoding="utf-8", newline="")
    assert "3 known already" in stocked.done("subscribers", "import", str(file), "--confirmed")
    assert exported.splitlines()[1].startswith("Ada@example.org,Ada,Language models; Robotics,mamba; ssm,,Europe/Berlin,8,daily")


def test_five_thousand_rows_take_seconds(desk: Desk, tmp_path: Path) -> None:
    rows = [f"reader{number}@example.org,R,Robotics; Time series,mamba,,Europe/Berlin,{number % 24},daily" for number in range(5000)]
    begun = time.perf_counter()
    said = desk.run("subscribers", "import", sheet(tmp_path, *rows), "--confirmed")
    assert time.perf_counter() - begun < 30, "seconds, on a busy machine too"
    assert "added 5000" in said.out
    listed = desk.done("subscribers", "list", "--limit", "2")
    assert "the first 2 of 5000; --limit shows more, `export` writes all" in listed


def test_the_list_shows_addresses_whole_and_by_standing(stocked: Desk) -> None:
    said = stocked.done("subscribers", "list", "--standing", "active")
    assert "Ada@example.org" in said
    assert "Europe/Berlin" in said
    assert "Ada@example.org" not in stocked.done("subscribers", "list", "--standing", "left")
    assert stocked.run("subscribers", "list", "--standing", "gone").code == 2
    assert stocked.run("subscribers", "list", "--limit", "0").code == 2


def test_an_address_is_suppressed_whatever_its_case_and_nothing_goes_to_it(stocked: Desk) -> None:
    assert stocked.done("suppress", "ADA@example.org", "--because", "asked") == "ADA@example.org is suppressed\n"
    assert "(it was before)" in stocked.done("suppress", "ada@example.org")
    assert "is suppressed" in stocked.done("send", "--now", "--only", "ada@example.org")
    assert stocked.mails() == []
    why = stocked.done("why", "ada@example.org")
    assert "nothing is sent to the address: operator, since " in why
    assert "(asked)" in why


def test_what_waits_is_taken_back_and_lifting_says_where_the_reader_stands(stocked: Desk) -> None:
    stocked.run("send", "--now", "--only", "ada@example.org", PAPERBOY_MAILERS="smtp://127.0.0.1:9")
    assert "taken back: 1 that waited" in stocked.done("suppress", "ada@example.org")
    assert stocked.done("suppress", "ada@example.org", "--lift") == "ada@example.org may be written to again; as a reader: active\n"
    again = stocked.run("suppress", "ada@example.org", "--lift")
    assert again.code == 1
    assert "was not suppressed; nothing was changed" in again.err


def test_an_address_nobody_signed_up_is_suppressed_for_good(desk: Desk) -> None:
    desk.done("suppress", "eve@example.org")
    assert "is suppressed" in desk.run("subscribers", "add", "eve@example.org", "--confirmed").err
    assert "the address is suppressed: operator, since" in desk.run("why", "eve@example.org").err
    assert "nobody subscribes with it" in desk.done("suppress", "eve@example.org", "--lift")
    assert desk.run("suppress", "nonsense").code == 2


def test_readers_come_and_go_on_either_engine(either: Desk, tmp_path: Path) -> None:
    said = either.run("subscribers", "import", sheet(tmp_path, "dora@example.org,Dora,Robotics,,,,,", "bad,,,,,,,"), "--confirmed")
    assert "added 1" in said.out
    assert standings(either) == "4 active"
    assert either.done("subscribers", "export").count("\n") == 5
    either.done("suppress", "dora@example.org")
    assert standings(either) == "3 active, 1 suppressed"
