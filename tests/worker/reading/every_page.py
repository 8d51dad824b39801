"""Every page that there is, in every shape that it has, as a browser would be given it: to be looked at by people and by axe."""

from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import select

from config.database import Database
from config.runtime import Runtime
from config.settings import load
from subscribers import audience, moving, requests, signup, standing
from subscribers.choices import Choices
from subscribers.links import Links
from subscribers.models import Request, RequestKind, Subscriber
from tests.subscribers.web.visitor import Page, Visitor
from tests.worker.send.world import World
from worker.asgi import application
from worker.pick import editions

NOWHERE = "postgresql+psycopg://paperboy@127.0.0.1:1/paperboy"
Shown = tuple[str, Page]  # the template's name, a comma and what is special; and the page


def every_page(world: World) -> Iterator[Shown]:
    """The pages of a world that has papers already, made one after the other: each step of a journey leads to the next."""
    visitor = Visitor(application(world.runtime))
    [ada] = world.subscribe("ada@example.org", name="Ada", authors=("Ada Lovelace",))
    world.until(world.at(19, 8), timedelta(hours=1))
    walk = _Walk(world, visitor, Links(world.settings.secret_key, world.settings.base_url), ada)
    yield from walk.sign_up()
    yield from walk.choose()
    yield from walk.move()
    yield from walk.read()
    yield from walk.leave()
    yield from _faults(world, visitor)


class _Walk:
    def __init__(self, world: World, visitor: Visitor, links: Links, ada: int) -> None:
        self._world = world
        self._visitor = visitor
        self._links = links
        self._ada = ada
        self._now = world.clock.now()

    def sign_up(self) -> Iterator[Shown]:
        home = self._visitor.open("/")
        self._world.clock.move_to(self._now + timedelta(seconds=5))
        look, press = "See today’s digest for this", self._visitor.press
        yield "home", home
        yield "home, with faults", press(home, "Subscribe", {"email": "ada@example", "keywords": "x", "hour": "25", "timezone": "Mars"})
        yield "home, with a preview", press(home, look, {"topics": ["robotics"], "keywords": "kind\nmamba"})
        yield "home, with a quiet day", press(home, look, {"keywords": "no such thing", "trending": "0"})
        yield (
            "asked",
            self._visitor.open(press(home, "Subscribe", {"email": "new@example.org", "topics": ["robotics"]}).headers["location"]),
        )
        self._world.tick()
        number = self._asked("new@example.org", RequestKind.CONFIRM)[-1]
        confirm = self._visitor.open(self._links.confirm(number, self._now))
        yield "confirm", confirm
        yield "confirmed", press(confirm, "Yes, send me the papers")
        yield "bad-link, used", self._visitor.open(self._links.confirm(number, self._now))

    def choose(self) -> Iterator[Shown]:
        visitor, weak = self._visitor, self._links.preferences(self._ada, self._now)
        page = visitor.open(weak)
        yield "preferences", page
        yield "preferences, saved", visitor.press(page, "Save", {"hour": "18", "keywords": "kind\nmamba"})
        yield "preferences, with faults", visitor.press(page, "Save", {"keywords": "x", "hour": "25"})
        yield "preferences, paused", visitor.press(page, "Pause", {"until": "2026-07-01"})
        yield "preferences, with a wrong day", visitor.press(page, "Pause", {"until": "2020-01-01"})
        visitor.press(visitor.open(weak), "End the pause")
        fresh = visitor.open(self._fresh())
        yield "preferences, by a fresh link", visitor.press(fresh, "Turn the feed on")
        yield "preferences, not erased", visitor.press(fresh, "Erase me")
        with self._world.database.transaction() as session:
            signup.sign_up(session, signup.SignUp("pending@example.org", Choices(), "/", "words"), self._now)
            pending = audience.by_address(session, "pending@example.org")
            assert pending is not None
            number = pending.id
        yield "preferences, unconfirmed", visitor.open(self._links.preferences(number, self._now))
        with self._world.database.transaction() as session:
            standing.suppress(session, session.get_one(Subscriber, number).address_key, standing.Reason.COMPLAINED, self._now)
        yield "preferences, suppressed", visitor.open(self._links.preferences(number, self._now))

    def move(self) -> Iterator[Shown]:
        yield "moving", self._visitor.press(self._visitor.open(self._fresh()), "Move", {"email": "ada@new.example"})
        self._world.clock.move_to(self._now + timedelta(hours=2))
        with self._world.database.transaction() as session:
            moving.ask(session, session.get_one(Subscriber, self._ada), "ada@newer.example", self._world.clock.now())
        first, second = self._asked("ada@example.org", RequestKind.NEW_ADDRESS)
        page = self._visitor.open(self._links.confirm(first, self._now))
        yield "confirm, to move", page
        self._world.subscribe("ada@newer.example")
        yield "moved, not", self._visitor.open(self._links.confirm(second, self._now), "POST")
        yield "moved", self._visitor.press(page, "Yes, move")

    def read(self) -> Iterator[Shown]:
        visitor = self._visitor
        digest = visitor.open(self._links.view(1))
        yield "digest", digest
        vote = visitor.open(next(url for url in digest.links if url.endswith("/more")))
        yield "vote", vote
        cast = visitor.press(vote, "More like this")
        yield "vote, cast", cast
        yield "vote, taken back", visitor.press(cast, "Take it back")
        visitor.press(vote, "Not for me")
        yield "preferences, with votes", visitor.open(self._links.preferences(self._ada, self._now))
        with self._world.database.transaction() as session:
            editions.close_ended(session, self._now)
        yield "editions", visitor.open("/editions")
        yield "edition", visitor.open("/editions/latest")
        yield "edition, of a topic", visitor.open("/editions/latest/robotics")
        yield "edition, without a paper", visitor.open("/editions/latest/astrophysics")
        inbox = Visitor(application(self._world.runtime), "127.0.0.1").open("/inbox")
        yield "inbox", inbox
        mail = next(url for url in inbox.links if url.startswith("/inbox/"))
        yield "inbox-mail", Visitor(application(self._world.runtime), "127.0.0.1").open(mail)

    def leave(self) -> Iterator[Shown]:
        visitor = self._visitor
        page = visitor.open(self._links.leave(self._ada))
        yield "leave", page
        left = visitor.press(page, "Leave")
        yield "left", left
        yield "left, with thanks", visitor.press(left, "Tell", {"reason": "often"})
        yield "leave, again", visitor.open(self._links.leave(self._ada))
        yield "preferences, of who left", visitor.open(self._links.preferences(self._ada, self._now))
        yield "back", visitor.press(left, "Take it back")
        yield "erased", visitor.press(visitor.open(self._fresh()), "Erase me", {"sure": "yes"})

    def _asked(self, address: str, kind: RequestKind) -> list[int]:
        with self._world.database.reading() as session:
            row = audience.by_address(session, address)
            assert row is not None
            mine = select(Request.id).where(Request.subscriber_id == row.id, Request.kind == kind)
            return list(session.scalars(mine.order_by(Request.id)))

    def _fresh(self) -> str:
        now = self._world.clock.now()
        with self._world.database.transaction() as session:
            return self._links.fresh(requests.ask(session, self._ada, RequestKind.FRESH_LINK, now), now)


def _faults(world: World, visitor: Visitor) -> Iterator[Shown]:
    link = visitor.open("/link")
    yield "link", link
    yield "link, with a fault", visitor.press(link, "Send me a fresh link", {"email": "ada@"})
    yield "bad-link", visitor.open("/unsubscribe/x")
    yield "not-found", visitor.open("/nothing-here")
    yield "too-often", [visitor.send("POST", "/link", data={"email": "x"}) for _ in range(21)][-1]
    yield "away", Visitor(application(Runtime(load({}), Database(NOWHERE), world.clock))).open("/")
