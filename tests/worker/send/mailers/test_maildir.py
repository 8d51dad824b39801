"""The Maildir: whole files, and a delivery once."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from tests.worker.send.mailers.parcels import Drawn, a_parcel, handed_over, parcels, verdicts
from worker.send.mailers.maildir import MaildirMailer, folder_from, unique_name
from worker.send.port import Unavailable, Verdict


def files(folder: Path) -> list[str]:
    return sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file())


def test_the_folder_is_made_and_nobody_else_may_read_it(tmp_path: Path) -> None:
    folder = tmp_path / "state" / "mail"
    handed_over(MaildirMailer(folder), parcels(1))
    (file,) = (folder / "new").iterdir()
    assert [name for name in ("cur", "new", "tmp") if (folder / name).stat().st_mode & 0o777 != 0o700] == []
    assert file.stat().st_mode & 0o777 == 0o600
    assert list((folder / "tmp").iterdir()) == []


def test_a_delivery_handed_over_twice_is_one_mail(tmp_path: Path) -> None:
    for _ in range(2):
        assert verdicts(handed_over(MaildirMailer(tmp_path), parcels(2))) == {1: Verdict.ACCEPTED, 2: Verdict.ACCEPTED}
    assert len(files(tmp_path)) == 2


def test_a_delivery_that_was_read_meanwhile_is_not_delivered_again(tmp_path: Path) -> None:
    mailer = MaildirMailer(tmp_path)
    list(mailer.deliver(parcels(2)))
    name = unique_name(a_parcel(1))
    (tmp_path / "new" / name).rename(tmp_path / "cur" / f"{name}:2,S")
    list(mailer.deliver(parcels(2)))
    assert files(tmp_path) == sorted([f"cur/{name}:2,S", f"new/{unique_name(a_parcel(2))}"])


def test_another_database_with_the_same_numbers_overwrites_nothing() -> None:
    one = a_parcel(1)
    other = replace(one, message=replace(one.message, message_id="<other@example.org>"))
    assert unique_name(one) != unique_name(other)


def test_a_writer_that_died_leaves_nothing_a_reader_sees(tmp_path: Path) -> None:
    mailer = MaildirMailer(tmp_path)
    mailer.check()
    (tmp_path / "tmp" / f"{unique_name(a_parcel(1))}.{os.getpid()}").write_bytes(b"half a m")
    list(mailer.deliver(parcels(1)))
    assert files(tmp_path) == [f"new/{unique_name(a_parcel(1))}"]
    assert (tmp_path / "new" / unique_name(a_parcel(1))).read_bytes() == a_parcel(1).message.wire()


def test_a_folder_that_fails_in_the_middle_defers_and_ends_the_batch(tmp_path: Path) -> None:
    mailer = MaildirMailer(tmp_path)
    drawn = Drawn(parcels(5))
    found = {}
    for outcome in mailer.deliver(drawn):
        found[outcome.delivery_id] = outcome.verdict
        if outcome.delivery_id == 2:
            (tmp_path / "new").rename(tmp_path / "gone")
    assert found == {1: Verdict.ACCEPTED, 2: Verdict.ACCEPTED, 3: Verdict.DEFERRED}
    assert drawn.ids == [1, 2, 3]
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_folder_that_cannot_be_made_is_told_with_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Unavailable, match="PAPERBOY_MAILERS"):
        MaildirMailer(tmp_path / "file" / "mail").check()


def test_a_link_planted_in_tmp_is_not_followed(tmp_path: Path) -> None:
    mailer = MaildirMailer(tmp_path / "mail")
    mailer.check()
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (tmp_path / "mail" / "tmp" / f"{unique_name(a_parcel(1))}.{os.getpid()}").symlink_to(victim)
    assert verdicts(mailer.deliver(parcels(1))) == {1: Verdict.DEFERRED}
    assert victim.read_text() == "precious"


def test_a_check_counts_what_waits(tmp_path: Path) -> None:
    mailer = MaildirMailer(tmp_path)
    list(mailer.deliver(parcels(3)))
    assert mailer.check() == f"maildir {tmp_path}: writable, 3 unread"


def test_a_url_names_a_folder() -> None:
    assert folder_from("maildir:///var/my%20mail%3F") == Path("/var/my mail?")
    assert folder_from("maildir:///var/mail?rate=5") == Path("/var/mail")
    for url in ("maildir://", "maildir:///", "maildir://var/mail", "maildir:///a?b=c", "maildir:///a#b", "maildir:///a%00b"):
        with pytest.raises(ValueError, match=r"^(names|has) "):
            folder_from(url)
