"""What a scanner of mails does: it takes every link of every mail, and what it left behind is looked at."""

import re
from datetime import timedelta
from email.message import EmailMessage

from sqlalchemy import MetaData, select

from subscribers import moving, requests, signup
from subscribers.choices import Choices
from subscribers.circles import Circle
from subscribers.models import RequestKind, Subscriber
from tests.worker.send.world import World
from worker.render.notices import notice
from worker.send import announcements
from worker.send.announcements import Announcement

NOTICE = Announcement("moving", notice("# We move\n\nOn Friday."), Circle())
ADDRESS = re.compile(r"https?://[^\s<>\"\')]+")


def mails_of_every_kind(world: World) -> dict[str, EmailMessage]:
    """A digest, a welcome, a notice and each letter, as they went out, by their kind."""
    world.list_papers(30)
    [ada] = world.subscribe("ada@example.org")
    world.clock.move_to(world.at(17, 7))
    world.tick()
    now = world.clock.now()
    with world.database.transaction() as session:
        signup.sign_up(session, signup.SignUp("new@example.org", Choices(), "/", "words"), now)
        signup.sign_up(session, signup.SignUp("welcome@example.org", Choices(), "/", "words"), now)
        welcomed = requests.waiting(session, 10)[-1].id
        signup.ask_fresh_link(session, "ada@example.org", now)
        moving.ask(session, session.get_one(Subscriber, ada), "ada@new.example", now)
    world.tick()
    with world.database.transaction() as session:
        signup.confirm(session, welcomed, now)
        requests.ask(session, ada, RequestKind.ADDRESS_CHANGED, now, "ada@old.example")
    world.clock.move_to(now + timedelta(minutes=1))
    world.tick()
    told = announcements.announce(world.database, world.clock, NOTICE)
    announcements.write_range(world.database, world.clock, NOTICE, told)
    world.tick()  # that, and what the first round asked for
    to_ada = world.mails("ada@example.org")
    assert "We move" in to_ada[-1]["Subject"]
    return {
        "digest": to_ada[0],
        "fresh link": to_ada[1],
        "confirmation": world.mails("new@example.org")[0],
        "welcome": world.mails("welcome@example.org")[1],
        "new address": world.mails("ada@new.example")[0],
        "address changed": world.mails("ada@old.example")[0],
        "notice": to_ada[-1],
    }


def links_in(mail: EmailMessage) -> set[str]:
    """Every address that a program could find: in the headers, in the text, in the HTML."""
    parts = [part for kind in ("plain", "html") if (part := mail.get_body((kind,)))]
    texts = [*map(str, mail.values()), *(part.get_content().replace("&amp;", "&") for part in parts)]
    found = {link.rstrip(".,;") for text in texts for link in ADDRESS.findall(text)}
    return {link for link in found if not link.startswith("http://www.w3.org/")}  # the name of the markup, not a link


def everything(world: World) -> list[tuple[object, ...]]:
    """Every row of every table."""
    found = MetaData()
    with world.database.reading() as session:
        found.reflect(session.connection())
        return [(table.name, *row) for table in found.sorted_tables for row in session.execute(select(table))]
