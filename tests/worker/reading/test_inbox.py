from email.message import EmailMessage
from pathlib import Path

import pytest

from config.settings import Settings, load
from tests.subscribers.web.visitor import Visitor
from tests.worker.send.world import World
from worker.asgi import application
from worker.reading.inbox import folder_of


@pytest.fixture
def local(world: World) -> Visitor:
    """Somebody at the machine itself."""
    return Visitor(application(world.runtime), "127.0.0.1")


def mailed(world: World, count: int = 1) -> None:
    world.list_papers(12)
    world.subscribe(*(f"reader{number}@example.org" for number in range(count)))
    world.clock.move_to(world.at(17, 7))
    world.tick()


def test_an_empty_inbox_says_so(local: Visitor) -> None:
    assert "Nothing was mailed yet." in local.open("/inbox").words


def test_what_was_mailed_is_listed_the_newest_first_and_can_be_read(local: Visitor, world: World) -> None:
    mailed(world, 2)

    page = local.open("/inbox")
    mails = [url for url in page.links if url.startswith("/inbox/")]
    assert len(mails) == 2
    assert "to reader1@example.org" in page.words

    mail = local.open(mails[0])
    assert "List-Unsubscribe:" in mail.words
    assert "TRENDING TODAY" in mail.words.upper()
    assert local.open(f"{mails[0]}/raw").body.startswith("Return-Path:") or "From:" in local.open(f"{mails[0]}/raw").body


def test_a_mail_is_shown_in_a_frame_that_can_do_nothing(local: Visitor, world: World) -> None:
    mailed(world)
    [mail] = [url for url in local.open("/inbox").links if url.startswith("/inbox/")]

    page, framed = local.open(mail), local.open(f"{mail}/html")

    assert page.root is not None
    [frame] = page.root.iter("iframe")
    assert frame.get("sandbox") == "allow-popups allow-popups-to-escape-sandbox"
    assert "sandbox allow-popups" in framed.headers["content-security-policy"]
    assert "script" not in framed.headers["content-security-policy"]
    assert framed.headers["x-frame-options"] == "SAMEORIGIN"
    assert '<base target="_blank">' in framed.body


def test_a_hostile_mail_is_only_text_outside_its_frame(local: Visitor, world: World) -> None:
    mail = EmailMessage()
    mail["Subject"] = "<script>alert(1)</script>"
    mail["To"] = "ada@example.org"
    mail.set_content("<script>alert(2)</script>")
    folder = world.maildir / "new"
    folder.mkdir(parents=True)
    (folder / "1.mail").write_bytes(bytes(mail))
    (folder / "2.empty").write_bytes(b"")
    (folder / "3.noise").write_bytes(bytes(range(256)))

    pages = [local.open("/inbox"), *(local.open(f"/inbox/{name}") for name in ("1.mail", "2.empty", "3.noise"))]

    assert [page.status for page in pages] == [200] * 4
    assert not any("<script>alert" in page.body for page in pages)
    assert local.open("/inbox/1.mail/html").status == 404


@pytest.mark.parametrize("name", ["..", ".", "%2e%2e%2fsecret", "..%2Fsecret", "nothing", "a" * 300, "%00"])
def test_nothing_but_a_mail_can_be_asked_for(local: Visitor, world: World, name: str) -> None:
    mailed(world)
    (world.maildir / "secret").write_text("From: nobody\n\nsecret")

    for path in (f"/inbox/{name}", f"/inbox/{name}/raw", f"/inbox/{name}/html"):
        assert "secret" not in local.open(path).body
        assert local.open(path).status in {200, 404}


def test_another_machine_sees_no_inbox(world: World) -> None:
    assert Visitor(application(world.runtime), "203.0.113.9").open("/inbox").status == 404


def test_a_foreign_name_for_this_machine_sees_no_inbox(local: Visitor) -> None:
    assert local.open("/inbox", Host="evil.example").status == 404
    assert local.open("/inbox", Host="localhost:8000").status == 200
    assert local.open("/inbox", Host="[::1]:8000").status == 200


def chosen(**environ: str) -> Settings:
    return load({"PAPERBOY_STATE_DIR": "/var/lib/paperboy", **environ})


def test_the_inbox_is_the_maildir_of_a_try_out_on_the_loopback() -> None:
    assert folder_of(chosen()) == Path("/var/lib/paperboy/maildir")
    assert folder_of(chosen(PAPERBOY_MAILERS="maildir:///tmp/a%20box")) == Path("/tmp/a box")  # noqa: S108 - a name, nothing is written


@pytest.mark.parametrize(
    "environ",
    [
        {"PAPERBOY_HOST": "0.0.0.0"},  # noqa: S104 - what must be refused
        {"PAPERBOY_MAILERS": "smtp://127.0.0.1:1025"},
        {"PAPERBOY_REDIS_URL": "redis://127.0.0.1:6379/0"},
        {
            "PAPERBOY_ENV": "production",
            "PAPERBOY_SECRET_KEY": "0123456789abcdef0123456789abcdef",
            "PAPERBOY_BASE_URL": "https://papers.example.org",
            "PAPERBOY_POSTAL_ADDRESS": "1 High Street",
            "PAPERBOY_SENDER": "Papers <papers@example.org>",
        },
    ],
    ids=["open to others", "real mail", "many processes", "production"],
)
def test_anywhere_else_there_is_no_inbox(environ: dict[str, str]) -> None:
    assert folder_of(chosen(**environ)) is None
