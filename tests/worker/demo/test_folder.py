"""The demo's folder: made, replaced when a demo made it, refused when it is anybody's; nothing foreign is ever removed."""

import os
from pathlib import Path

import pytest

from worker.demo.folder import WORK, Folder, FolderError


def test_a_folder_is_made_with_the_folders_above_it(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "a" / "b")
    folder.write({"one.eml": b"1", "index.html": b"2"})
    assert sorted(path.name for path in folder.path.iterdir()) == [WORK, "index.html", "one.eml"]
    assert (folder.path / "one.eml").read_bytes() == b"1"


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    assert Folder(tmp_path).work.is_dir()


def test_what_the_last_demo_wrote_goes_and_what_it_did_not_write_stays(tmp_path: Path) -> None:
    first = Folder(tmp_path / "demo")
    first.write({"old.eml": b"old", "both.eml": b"old"})
    (first.work / "paperboy.db").write_bytes(b"old")
    (first.path / "mine.txt").write_text("mine", encoding="utf-8")
    second = Folder(tmp_path / "demo")
    assert not (second.work / "paperboy.db").exists()
    second.write({"both.eml": b"new"})
    assert {path.name: path.read_bytes() for path in second.path.glob("*.*") if path.is_file()} == {"mine.txt": b"mine", "both.eml": b"new"}


def test_a_demo_that_was_broken_off_is_replaced(tmp_path: Path) -> None:
    Folder(tmp_path / "demo")  # no list was written
    Folder(tmp_path / "demo").write({"one.eml": b"1"})
    assert (tmp_path / "demo" / "one.eml").exists()


def test_a_list_that_somebody_changed_leads_nowhere_else(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("still there", encoding="utf-8")
    folder = Folder(tmp_path / "demo")
    (folder.work / "written.txt").write_text(f"../victim\n{victim}\n..\n.\n\n", encoding="utf-8")
    Folder(tmp_path / "demo")
    assert victim.read_text(encoding="utf-8") == "still there"


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    for number in range(5):
        (tmp_path / f"thesis{number}.tex").write_text("x", encoding="utf-8")
    with pytest.raises(FolderError, match=r"is no demo folder \(it holds thesis0.tex, thesis1.tex, thesis2.tex and 2 more\).*--out DIR"):
        Folder(tmp_path)
    assert len(list(tmp_path.iterdir())) == 5


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(FolderError, match="is a file; name a folder: --out DIR"):
        Folder(tmp_path / "file")
    with pytest.raises(FolderError, match=r"cannot be written \(Not a directory\)"):
        Folder(tmp_path / "file" / "demo")


def test_a_marker_that_is_no_folder_of_ours_is_refused(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "kept").write_text("x", encoding="utf-8")
    demo = tmp_path / "demo"
    demo.mkdir()
    (demo / WORK).symlink_to(elsewhere)
    with pytest.raises(FolderError, match="is not a folder that a demo made"):
        Folder(demo)
    assert (elsewhere / "kept").exists()
    (demo / WORK).unlink()
    (demo / WORK).write_text("x", encoding="utf-8")
    with pytest.raises(FolderError, match="is not a folder that a demo made"):
        Folder(demo)


def test_a_disk_that_refuses_is_told_in_words(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "demo")
    (folder.path / "one.eml").mkdir()  # root may write anywhere else
    with pytest.raises(FolderError, match=r"cannot be written \(Is a directory\); name another folder"):
        folder.write({"one.eml": b"1"})
    assert os.access(folder.path, os.W_OK)
