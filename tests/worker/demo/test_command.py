"""`./paperboy demo` as an operator types it: well, badly, twice, for many, and in a house style of their own."""

import os
import resource
import shutil
import sys
from pathlib import Path

import pytest

from tests.worker.demo.played import Demo, played
from tests.worker.render.builders import words
from worker.demo.pages import SHOWN


@pytest.mark.parametrize("number", ["0", "-1", "100001"])
def test_a_number_of_readers_that_cannot_be_is_refused_in_a_line(tmp_path: Path, number: str) -> None:
    done = played("--subscribers", number, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == f"paperboy: --subscribers: {number} readers cannot be played; name a number from 1 to 100000\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("out", "words"),
    [
        ("file", "is a file; name a folder: --out DIR"),
        ("mine", "is no demo folder (it holds thesis.tex)"),
        ("file/demo", "Not a directory"),
    ],
)
def test_a_place_that_cannot_be_written_or_is_not_ours_is_refused_in_a_line(tmp_path: Path, out: str, words: str) -> None:
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("mine", encoding="utf-8")
    done = played("--out", out, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith(f"paperboy: --out: {out} ")
    assert words in done.stderr
    assert done.stderr.count("\n") == 1
    assert (tmp_path / "mine" / "thesis.tex").read_text(encoding="utf-8") == "mine"


def test_a_folder_without_the_right_to_write_is_refused_in_a_line(tmp_path: Path) -> None:
    place = Path("/proc/demo") if os.geteuid() == 0 else tmp_path / "locked" / "demo"
    if os.geteuid() != 0:
        place.parent.mkdir(mode=0o555)
    done = played("--out", str(place), cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith(f"paperboy: --out: {place} cannot be written (")


def test_bad_settings_are_told_before_the_last_demo_is_cleared_away(tmp_path: Path) -> None:
    (tmp_path / "demo" / ".paperboy-demo").mkdir(parents=True)
    (tmp_path / "demo" / ".paperboy-demo" / "written.txt").write_text("kept.eml\n", encoding="utf-8")
    (tmp_path / "demo" / "kept.eml").write_text("kept", encoding="utf-8")
    for name, value in {"PAPERBOY_ACCENT": "red", "PAPERBOY_TOPICS": str(tmp_path / "none.toml")}.items():
        done = played("--out", "demo", cwd=tmp_path, **{name: value})
        assert done.returncode == 2
        assert f"paperboy: {name}: " in done.stderr
    assert (tmp_path / "demo" / "kept.eml").exists()


def test_a_demo_in_a_house_style_touches_nothing_of_the_house(demo: Demo, tmp_path: Path) -> None:
    state = tmp_path / "state"
    theirs = {
        "PAPERBOY_NAME": "Lab Papers",
        "PAPERBOY_ACCENT": "#0b6e4f",
        "PAPERBOY_POSTAL_ADDRESS": "Example Ltd, 1 High Street, London",
        "PAPERBOY_STATE_DIR": str(state),
        "PAPERBOY_DATABASE_URL": "postgresql://paperboy:secret@127.0.0.1:1/none",
        "PAPERBOY_REDIS_URL": "redis://127.0.0.1:1/0",
        "PAPERBOY_MAILERS": "smtp://127.0.0.1:1",
        "PAPERBOY_SECRET_KEY": "the-key-of-the-real-service",
        "PAPERBOY_BASE_URL": "https://papers.example.com",
        "PAPERBOY_SENDER": "Editor <editor@example.com>",
    }
    done = played("--subscribers", "1", cwd=tmp_path, **theirs)
    assert done.returncode == 0, done.stderr
    assert not state.exists()
    made = Demo(tmp_path / "out" / "demo", done.stdout, done.returncode)
    (aiko,) = {mail.address for mail in made.mails}
    assert [mail.links for mail in made.mails] == [mail.links for mail in demo.of(aiko)]
    for mail in made.mails:
        assert [words(element) for element in mail.root.iter("h1")] == ["Lab Papers"]
        assert mail.text.startswith("LAB PAPERS\n")
        assert mail.message["From"].addresses[0].display_name == "Lab Papers"
        assert "Example Ltd, 1 High Street, London" in words(mail.root)
        assert "#0b6e4f" in mail.html
        assert "example.com" not in mail.wire.decode()
    assert "#0b6e4f" in (made.folder / "index.html").read_text(encoding="utf-8")


def test_the_second_demo_takes_the_place_of_the_first_and_is_the_same(demo: Demo, tmp_path: Path) -> None:
    shutil.copytree(demo.folder, tmp_path / "demo")
    assert played("--subscribers", "1", "--out", "demo", cwd=tmp_path).returncode == 0
    again = Demo(tmp_path / "demo", "", 0)
    (aiko,) = {mail.address for mail in again.mails}
    assert [mail.links for mail in again.mails] == [mail.links for mail in demo.of(aiko)]
    assert [str(mail.message["Subject"]) for mail in again.mails] == [str(mail.message["Subject"]) for mail in demo.of(aiko)]


def test_of_many_readers_the_first_are_written_and_all_are_counted(tmp_path: Path) -> None:
    done = played("--subscribers", "26", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    many = Demo(tmp_path / "out" / "demo", done.stdout, 0)
    assert len({mail.address for mail in many.mails}) <= SHOWN
    assert "... and 2 more readers, counted below" in many.said
    assert "papers handed to 26 readers, 0 of them again" in many.said
    assert f"the {len(many.mails)} of the first {SHOWN} readers" in many.said
    page = (many.folder / "index.html").read_text(encoding="utf-8")
    assert f"These are the first {SHOWN} of 26 readers" in page


@pytest.mark.bench
def test_it_takes_less_than_ten_seconds(tmp_path: Path) -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = played(cwd=tmp_path)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0
    took = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    sys.stdout.write(f"the demo took {took:.1f} s of processor time\n")
    assert took < 8
    assert float(done.stdout.rsplit(" mails in ", 1)[1].split()[0]) < 10
