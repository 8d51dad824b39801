"""`preview`: the exact mail, marked, with links that open nothing, and nothing remembered."""

import email
import email.policy
import re
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.worker.commands.desk import Desk

LINK = re.compile(r"http://127\.0\.0\.1:8000/[^\s\"<>]*")


def read(file: Path) -> EmailMessage:
    return email.message_from_bytes(file.read_bytes(), policy=email.policy.default)


def part(mail: EmailMessage, kind: str) -> str:
    body = mail.get_body((kind,))
    assert body is not None
    text: str = body.get_content()
    return text


def without_links(text: str) -> str:
    return LINK.sub("", text)


def test_a_preview_is_the_mail_that_goes_out_but_for_its_mark_and_its_links(stocked: Desk, tmp_path: Path) -> None:
    files = {name: tmp_path / f"ada.{name}" for name in ("html", "text", "eml")}
    stocked.done("preview", "ADA@example.org", *(word for name, file in files.items() for word in (f"--{name}", str(file))))
    stocked.done("send", "--now", "--only", "ada@example.org")
    shown, sent = read(files["eml"]), read(stocked.mails()[0])
    assert shown["Subject"] == f"[test] {sent['Subject']}"
    assert shown["To"] == sent["To"] == "Ada <Ada@example.org>"
    assert set(shown.keys()) == set(sent.keys())
    for kind in ("plain", "html"):
        assert without_links(part(shown, kind)) == without_links(part(sent, kind))
    assert files["html"].read_text(encoding="utf-8").splitlines() == part(shown, "html").splitlines()
    assert files["text"].read_text(encoding="utf-8").splitlines() == part(shown, "plain").splitlines()


def test_nothing_is_remembered_however_often_it_is_asked_for(either: Desk, tmp_path: Path) -> None:
    before = either.everything()
    said = {either.done("preview", "ada@example.org") for _ in range(3)}
    assert len(said) == 1
    either.done("preview", "bob@example.org", "--html", str(tmp_path / "bob.html"))
    either.done("preview", "ada@example.org", "--mail-to", "me@example.org")
    assert either.everything() == before


def test_its_links_open_nothing(stocked: Desk, tmp_path: Path) -> None:
    stocked.done("preview", "ada@example.org", "--eml", str(tmp_path / "shown.eml"))
    stocked.done("send", "--now", "--only", "ada@example.org")
    shown, sent = (set(LINK.findall(read(file).as_string())) for file in (tmp_path / "shown.eml", stocked.mails()[0]))
    tokens = {link.rpartition("/")[2] for link in sent if len(link.rpartition("/")[2]) > 16}
    assert tokens
    assert not tokens & {link.rpartition("/")[2] for link in shown}


def test_it_is_mailed_to_somebody_else_and_only_there(stocked: Desk) -> None:
    said = stocked.done("preview", "ada@example.org", "--mail-to", "You@Example.org")
    assert said == "handed over for You@example.org (in the Maildir)\n"
    [mail] = map(read, stocked.mails())
    assert str(mail["To"]).endswith("<You@example.org>")
    assert mail["Subject"].startswith("[test] ")
    assert "Ada@example.org" not in mail.as_string()


def test_without_options_it_is_printed_whole_as_text(stocked: Desk) -> None:
    said = stocked.done("preview", "ada@example.org")
    assert said.startswith("Subject: [test] ")
    assert "FOR YOU" in said
    assert all(len(line) <= 72 for line in said.splitlines()[2:] if "http" not in line)


def test_with_nothing_to_show_it_says_why_and_ends_with_1(desk: Desk) -> None:
    desk.done("subscribers", "add", "ada@example.org", "--confirmed")
    said = desk.run("preview", "ada@example.org")
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("paperboy: no mail for ada@example.org: ")


def test_who_would_get_no_mail_can_be_previewed_and_that_is_said(stocked: Desk) -> None:
    stocked.done("suppress", "bob@example.org")
    said = stocked.run("preview", "bob@example.org")
    assert said.code == 0
    assert "bob@example.org is suppressed; this is what they would get if they were active" in said.err
    assert "[test]" in said.out


@pytest.mark.parametrize("typed", ["nobody@example.org", "ada", "", "[red]@example.org", "ada@example.org\x1b[2J"])
def test_an_address_that_nobody_reads_under_is_told(stocked: Desk, typed: str) -> None:
    said = stocked.run("preview", typed)
    assert said.code == 1
    assert said.err.startswith("paperboy: nobody subscribes as '")
    assert "\x1b" not in said.err


def test_places_that_cannot_be_written_are_told(stocked: Desk, tmp_path: Path) -> None:
    assert stocked.run("preview", "ada@example.org", "--html", str(tmp_path)).code == 2
    said = stocked.run("preview", "ada@example.org", "--eml", str(tmp_path / "no" / "such" / "folder.eml"))
    assert said.code == 1
    assert "folder.eml: No such file or directory" in said.err


def test_mailing_it_where_nothing_can_go_is_told(stocked: Desk) -> None:
    assert stocked.run("preview", "ada@example.org", "--mail-to", "nonsense").code == 2
    said = stocked.run("preview", "ada@example.org", "--mail-to", "you@example.org", PAPERBOY_MAILERS="smtp://127.0.0.1:9")
    assert (said.code, said.out) == (1, "")
    assert "smtp 127.0.0.1:9: nothing listens on port 9" in said.err
