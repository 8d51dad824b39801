"""Mail servers follow every link before a person does; and strangers type what they like into a form that ends in a letter."""

import re
from datetime import timedelta

from tests.subscribers.web.visitor import Visitor
from tests.worker.reading.scanning import everything, links_in, mails_of_every_kind
from tests.worker.send.world import World

NASTY = (
    "Ada\r\nBcc: victim@example.com",
    "You won! https://evil.example/x",
    "evil.example",
    "<a href='https://evil.example'>Ada</a>",
    "\u202eelpmaxe.live//:sptth\u202c",
    "Ada\u2028https:\u200b//evil\u3002example",
    "Ada <victim@example.com>",
)


def test_whoever_follows_every_link_of_every_mail_changes_nothing(visitor: Visitor, world: World) -> None:
    mails = mails_of_every_kind(world)
    before, followed = everything(world), 0

    for kind, mail in mails.items():
        ours = {link for link in links_in(mail) if link.startswith(world.settings.base_url)}
        assert ours, kind
        for link in sorted(ours):
            for method in ("GET", "HEAD"):
                assert visitor.open(link, method).status == 200, (kind, method, link)
                followed += 1

    assert followed > 60
    assert everything(world) == before


def test_nothing_that_a_stranger_types_puts_a_link_or_a_header_into_a_letter(visitor: Visitor, world: World) -> None:
    world.list_papers(12)
    for number, nasty in enumerate(NASTY):
        home = visitor.open("/")
        world.clock.move_to(world.clock.now() + timedelta(seconds=5))
        answer = visitor.press(
            home, "Subscribe", {"email": f"reader{number}@example.org", "name": nasty, "keywords": nasty, "mutes": nasty, "authors": ""}
        )
        assert answer.status == 303, (nasty, answer.words)
    world.tick()

    for number, nasty in enumerate(NASTY):
        [letter] = world.mails(f"reader{number}@example.org")
        assert {link for link in links_in(letter) if not link.startswith(world.settings.base_url)} == set(), nasty
        assert letter["Bcc"] is None
        assert [one.addr_spec for one in letter["To"].addresses] == [f"reader{number}@example.org"]
        assert not re.search(r"evil|victim|won!|[\u202a-\u202e\u200b]", str(letter["Subject"]) + letter.get_body(("plain",)).get_content())  # type: ignore[union-attr]  # a letter has a text
        assert not re.search(r"//|@|\.\w", letter["To"].addresses[0].display_name), nasty
