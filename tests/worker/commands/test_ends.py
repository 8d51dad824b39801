"""How commands end when something is in the way: a line that names it, a code, and no traceback."""

import signal
import sys
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from config.database import Database
from tests.worker.commands.desk import PAGE, Desk, Said
from tests.worker.commands.services import wait_for

EVERY = (
    ("ingest", "file", str(PAGE)),
    ("trending",),
    ("edition", "show"),
    ("edition", "note", "x"),
    ("edition", "pin", "x"),
    ("preview", "ada@example.org"),
    ("send",),
    ("send", "--now"),
    ("send", "--dry-run"),
    ("status",),
    ("why", "ada@example.org"),
    ("subscribers", "add", "dora@example.org"),
    ("subscribers", "export"),
    ("subscribers", "list"),
    ("subscribers", "import", str(PAGE)),
    ("topics",),
    ("suppress", "dora@example.org"),
    ("web",),
    ("worker",),
    ("beat",),
)
READS = {
    "PAPERBOY_TOPICS": {"trending", "preview", "send", "why", "subscribers add", "subscribers export", "subscribers import", "topics"},
    "PAPERBOY_SOURCES": {"status", "ingest"},
    "PAPERBOY_MAILERS": {"send"},
    "PAPERBOY_TEMPLATES": {"preview", "send"},
}


def one_line(said: Said, code: int, *words: str) -> None:
    assert said.code == code, said
    assert said.err.count("\n") == 1, said.err
    assert said.err.startswith("paperboy: "), said.err
    for word in words:
        assert word in said.err


@pytest.mark.parametrize("words", [*EVERY, ("migrate",), ("doctor",)], ids=" ".join)
def test_a_bad_setting_ends_every_command_with_a_line_that_names_it(desk: Desk, words: tuple[str, ...]) -> None:
    one_line(desk.run(*words, PAPERBOY_PORT="99999"), 2, "PAPERBOY_PORT", "99999", "Example: PAPERBOY_PORT='8000'")


@pytest.mark.parametrize("words", EVERY, ids=" ".join)
def test_a_database_without_our_schema_ends_every_command_that_reads_it(tmp_path: Path, words: tuple[str, ...]) -> None:
    (tmp_path / "state").mkdir()
    one_line(Desk(tmp_path / "state").run(*words), 2, "the database is empty; run ./paperboy migrate")


def test_a_schema_of_another_release_is_told_with_both_revisions(desk: Desk) -> None:
    with desk.database() as database, database.transaction() as session:
        session.connection().exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    for words in (("status",), ("web",), ("migrate",)):
        said = desk.run(*words)
        assert said.code == 2, said
        assert "9999" in said.err
        assert "Traceback" not in said.err


@pytest.mark.parametrize("words", [*EVERY[:8], ("migrate",)], ids=" ".join)
def test_a_database_that_does_not_answer_is_told_without_its_password(desk: Desk, words: tuple[str, ...]) -> None:
    url = "postgresql://paperboy:hidden-word@127.0.0.1:9/paperboy?connect_timeout=2"
    said = desk.run(*words, PAPERBOY_DATABASE_URL=url)
    one_line(said, 1, "PAPERBOY_DATABASE_URL", "cannot be used", "Connection refused")
    assert "hidden-word" not in said.err


def test_a_file_that_is_no_database_is_told(desk: Desk) -> None:
    (desk.state / "paperboy.db").write_text("this is a letter, not a database" * 100, encoding="utf-8")
    one_line(desk.run("status"), 1, "PAPERBOY_DATABASE_URL", "file is not a database")


def test_a_state_folder_that_cannot_be_is_told(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("", encoding="utf-8")
    for folder in (file, file / "below", Path("/proc/paperboy")):
        said = desk.run("status", PAPERBOY_STATE_DIR=str(folder))
        one_line(said, 1, str(folder if folder != file / "below" else file))


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PAPERBOY_TOPICS", "/nowhere/topics.toml"),
        ("PAPERBOY_TOPICS", str(PAGE)),
        ("PAPERBOY_TOPICS", sys.executable),
        ("PAPERBOY_TOPICS", "/"),
        ("PAPERBOY_SOURCES", "huggingface hugingface"),
        ("PAPERBOY_MAILERS", "smtp//relay.example.org"),
        ("PAPERBOY_MAILERS", "carrier-pigeon://coop"),
        ("PAPERBOY_TEMPLATES", "/nowhere"),
        ("PAPERBOY_TEMPLATES", str(PAGE)),
    ],
)
def test_what_a_setting_names_is_looked_at_by_the_commands_that_need_it_before_anything_is_written(
    stocked: Desk, variable: str, value: str
) -> None:
    before = stocked.everything()
    for words in EVERY[1:-3]:
        name = " ".join(words[:2]) if words[0] == "subscribers" else words[0]
        if name in READS[variable]:
            one_line(stocked.run(*words, **{variable: value}), 2, variable)
    assert stocked.everything() == before


@pytest.mark.parametrize("variable", ["PAPERBOY_TOPICS", "PAPERBOY_SOURCES", "PAPERBOY_MAILERS", "PAPERBOY_TEMPLATES"])
def test_the_processes_look_at_what_the_settings_name_before_they_start(desk: Desk, variable: str) -> None:
    wrong = {variable: "/nowhere" if variable in {"PAPERBOY_TOPICS", "PAPERBOY_TEMPLATES"} else "nonsense://x"}
    redis = {"PAPERBOY_REDIS_URL": "redis://127.0.0.1:9/0"}
    for words in (("worker",), ("beat",)):
        one_line(desk.run(*words, **wrong, **redis), 2, variable)


@pytest.mark.parametrize(
    "broken", ["{% if %}", "{{ nobody.knows }}", "{% extends 'nothing' %}", "\x00\x01", "<table><tr></p>{{ content }}", ""]
)
def test_a_template_of_the_operators_that_is_broken_is_told(stocked: Desk, tmp_path: Path, broken: str) -> None:
    folder = tmp_path / "templates" / "email" / "digest"
    folder.mkdir(parents=True)
    (folder / "body.html").write_text(broken, encoding="utf-8")
    before = stocked.everything()
    for words in (("preview", "ada@example.org"), ("send", "--now")):
        one_line(stocked.run(*words, PAPERBOY_TEMPLATES=str(tmp_path / "templates")), 2, "PAPERBOY_TEMPLATES")
    assert stocked.everything() == before


def test_the_sender_that_no_mail_can_carry_is_told(stocked: Desk) -> None:
    said = stocked.run("preview", "ada@example.org", PAPERBOY_SENDER="Péter <péter@example.org>")
    assert said.code == 2
    assert "PAPERBOY_SENDER" in said.err


def test_a_reader_of_our_output_who_goes_away_is_no_fault(stocked: Desk) -> None:
    said = stocked.shell(
        "set -o pipefail; $paperboy trending --limit 78 | head -1; echo ${PIPESTATUS[*]}; $paperboy subscribers export | true"
    )
    assert said.out == "Trending, of 78 papers\n0 0\n"
    assert said.err == ""


def test_output_that_cannot_be_written_is_told(stocked: Desk) -> None:
    one_line(stocked.shell("$paperboy trending > /dev/full"), 1, "No space left on device")


def test_closed_or_narrow_output_is_no_fault(stocked: Desk) -> None:
    closed = stocked.shell("$paperboy trending >&-")
    assert (closed.code, closed.err) == (0, "")
    narrow = stocked.shell("LC_ALL=C PYTHONUTF8=0 PYTHONCOERCECLOCALE=0 PYTHONIOENCODING=ascii $paperboy status --next && echo done")
    assert narrow.err == ""
    assert narrow.out.endswith("done\n")


def test_bytes_that_are_no_text_are_told_and_a_file_may_be_called_so(stocked: Desk, tmp_path: Path) -> None:
    for words in (("edition", "hide"), ("edition", "note"), ("suppress", "ada@example.org", "--because")):
        one_line(stocked.run(*words, "M\udcffnster"), 2, "bytes that are no UTF-8")
    for typed in (["why"], ["preview"], ["send", "--only"], ["topics", "--group"], ["ingest"], ["subscribers", "add"]):
        said = stocked.run(*typed, "M\udcffnster")
        assert said.code in {1, 2}
        assert "Traceback" not in said.err
    file = tmp_path / "M\udcffnster.csv"
    file.write_text("title\nA paper\n", encoding="utf-8")
    assert "1 new" in stocked.done("ingest", "file", str(file))


def test_help_answers_without_waking_the_house(desk: Desk) -> None:
    script = "import sys; sys.argv = ['x', '--help']\nfrom worker.__main__ import main\ntry: main()\nfinally: print(sorted(sys.modules))"
    said = desk.shell(f'{sys.executable} -c "{script}"')
    assert "Usage:" in said.out
    for heavy in ("sqlalchemy", "scipy", "numpy", "pydantic", "jinja2", "celery"):
        assert f"'{heavy}'" not in said.out


def somebody_waits_for_a_lock(database: Database) -> bool:
    with database.reading() as session:
        here = text("SELECT count(*) FROM pg_locks JOIN pg_database ON oid = database WHERE NOT granted AND datname = current_database()")
        return bool(session.scalar(here))


def test_ctrl_c_ends_with_a_line_and_130(stocked: Desk, postgresql_url: str) -> None:
    """The command waits for a database that never answers: a queue of one that nobody takes from."""
    with closing(Database(postgresql_url)) as database, database.transaction() as session:
        session.connection().exec_driver_sql("LOCK TABLE alembic_version IN ACCESS EXCLUSIVE MODE")
        process = stocked.started("status", PAPERBOY_DATABASE_URL=postgresql_url)
        wait_for(lambda: somebody_waits_for_a_lock(database), process)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (130, "", "paperboy: broken off\n")
