import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import event, select
from starlette.applications import Starlette

from config.clock import SetClock
from config.database import Database
from subscribers import audience, knocks, preferences, standing
from subscribers.cadence import Cadence
from subscribers.choices import Choices
from subscribers.models import Request, RequestKind, Standing, Subscriber
from tests.subscribers.builders import add_reader
from tests.subscribers.web.visitor import Page, Visitor

AGE = timedelta(seconds=5)
Wait = Callable[[timedelta], None]


@pytest.fixture
def home(visitor: Visitor, wait: Wait) -> Page:
    """The front page, looked at for some seconds."""
    page = visitor.open("/")
    wait(AGE)
    return page


def the_reader(database: Database) -> Subscriber:
    knocks.open_door(database)
    with database.reading() as session:
        return session.scalars(select(Subscriber)).one()


def letters(database: Database) -> list[str]:
    knocks.open_door(database)
    with database.reading() as session:
        return list(session.scalars(select(Request.kind).order_by(Request.id)))


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """What is said to the database meanwhile."""
    said: list[str] = []

    def hear(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        said.extend([statement] if not statement.startswith("BEGIN") else [])

    event.listen(database.engine, "before_cursor_execute", hear)
    yield said
    event.remove(database.engine, "before_cursor_execute", hear)


def test_an_address_alone_is_a_complete_sign_up(visitor: Visitor, home: Page, database: Database) -> None:
    answer = visitor.press(home, "Subscribe", {"email": "Ada@example.org"})

    ada = the_reader(database)
    assert (answer.status, answer.headers["location"]) == (303, "/asked")
    assert visitor.open("/asked").heading == "Look into your inbox"
    assert (ada.address, ada.standing, ada.zone, ada.hour, ada.cadence) == (
        "Ada@example.org",
        Standing.PENDING,
        "Europe/London",
        8,
        "weekdays",
    )
    assert ada.consent_wording == "Send me Paperboy's digests by mail, as chosen on this page. I can leave with one click at any time."
    assert letters(database) == [RequestKind.CONFIRM]


def test_everything_can_be_chosen_at_once(visitor: Visitor, home: Page, database: Database) -> None:
    visitor.press(
        home,
        "Subscribe",
        {
            "email": "ada@example.org",
            "name": "Ada",
            "topics": ["robotics", "video"],
            "keywords": "mamba\r\nstate space model",
            "authors": "Yann LeCun",
            "mutes": "blockchain",
            "cadence": "weekly",
            "weekday": "4",
            "hour": "18",
            "timezone": "Asia/Kathmandu",
            "for_you": "9",
            "trending": "1",
        },
    )

    with database.reading() as session:
        assert preferences.read(session, the_reader(database)) == Choices(
            name="Ada",
            topics=("robotics", "video"),
            keywords=("mamba", "state space model"),
            authors=("Yann LeCun",),
            mutes=("blockchain",),
            cadence=Cadence.WEEKLY,
            weekday=4,
            hour=18,
            zone="Asia/Kathmandu",
            for_you=9,
            trending=1,
        )


def test_what_is_wrong_is_said_beside_its_field_and_nothing_typed_is_lost(visitor: Visitor, home: Page, database: Database) -> None:
    wrong = {"email": "ada@example", "keywords": "x\nmamba", "hour": "25", "topics": ["robotics"]}

    answer = visitor.press(home, "Subscribe", wrong)

    assert answer.status == 422
    assert "The part after the @-sign is not valid" in answer.words
    assert "x: type at least two letters or digits" in answer.words
    assert "25: give a full hour from 0 to 23" in answer.words
    form, _ = answer.form("Subscribe")
    assert (form.values["email"], form.values["keywords"], form.values["topics"]) == (["ada@example"], ["x\nmamba"], ["robotics"])
    with database.reading() as session:
        assert sum(audience.counts(session).values()) == 0


def test_an_empty_form_asks_for_the_address(visitor: Visitor, home: Page) -> None:
    answer = visitor.press(home, "Subscribe")

    assert (answer.status, "Type your address." in answer.words) == (422, True)


def test_the_answer_is_the_same_whatever_the_address_is_to_us(visitor: Visitor, home: Page, database: Database, clock: SetClock) -> None:
    with database.transaction() as session:
        add_reader(session, "active@example.org", now=clock.now())
        add_reader(session, "pending@example.org", now=clock.now(), confirmed=False)
        standing.leave(add_reader(session, "left@example.org", now=clock.now()))
        spam = add_reader(session, "spam@example.org", now=clock.now())
        standing.suppress(session, spam.address_key, standing.Reason.COMPLAINED, clock.now())

    asking = visitor.open("/link")
    answers, did = set(), set()
    for name in ("active", "pending", "left", "spam", "nobody"):
        for page, button in ((home, "Subscribe"), (asking, "Send me a fresh link")):
            with statements(database) as said:
                answer = visitor.press(page, button, {"email": f"{name}@example.org"})
            answers.add((answer.status, answer.headers["location"], answer.body))
            did.add((button, *said))

    assert len(answers) == 1
    # Nothing is asked of the database, so the time tells nothing either.
    assert sorted((button, len(said), said[0].split()[:3]) for button, *said in did) == [
        ("Send me a fresh link", 1, ["INSERT", "INTO", "knocks"]),
        ("Subscribe", 1, ["INSERT", "INTO", "knocks"]),
    ]
    confirm, fresh = RequestKind.CONFIRM, RequestKind.FRESH_LINK
    assert letters(database) == [confirm, fresh, confirm, fresh, confirm]  # to pending before, to active, left, left and nobody


def test_what_only_bots_fill_in_signs_nobody_up_and_tells_them_nothing(visitor: Visitor, home: Page, database: Database) -> None:
    answer = visitor.press(home, "Subscribe", {"email": "ada@example.org", "website": "https://spam.example"})

    assert (answer.status, answer.headers["location"]) == (303, "/asked")
    assert letters(database) == []


def test_who_is_faster_than_a_person_waits_for_a_person_s_time(visitor: Visitor, database: Database) -> None:
    home, begun = visitor.open("/"), time.monotonic()

    answer = visitor.press(home, "Subscribe", {"email": "ada@example.org"})

    assert answer.status == 303
    assert time.monotonic() - begun >= 1.9
    assert letters(database) == [RequestKind.CONFIRM]


@pytest.mark.parametrize("stamp", ["", "forged", "AQAAAAABioWYNLHWX0WH1mh8W7w"])
def test_a_form_that_was_never_shown_is_shown_once_more(visitor: Visitor, home: Page, database: Database, wait: Wait, stamp: str) -> None:
    answer = visitor.press(home, "Subscribe", {"email": "ada@example.org", "stamp": stamp})

    assert (answer.status, letters(database)) == (422, [])
    wait(AGE)
    assert visitor.press(answer, "Subscribe").status == 303


def test_a_page_left_open_for_days_needs_one_more_press(visitor: Visitor, home: Page, wait: Wait) -> None:
    wait(timedelta(days=2))

    answer = visitor.press(home, "Subscribe", {"email": "ada@example.org"})

    assert "Please press Subscribe once more" in answer.words
    wait(AGE)
    assert visitor.press(answer, "Subscribe").status == 303


def test_a_network_gets_so_many_sign_ups_an_hour_and_others_are_not_touched(app: Starlette, visitor: Visitor, home: Page) -> None:
    answers = [visitor.press(home, "Subscribe", {"email": "nonsense"}).status for _ in range(21)]

    assert answers == [422] * 20 + [429]
    assert Visitor(app, "203.0.113.10").press(home, "Subscribe", {"email": "nonsense"}).status == 422


@pytest.mark.parametrize(
    ("proxies", "peer", "forwarded", "shares_a_limit"),
    [
        pytest.param("", "203.0.113.9", ("198.51.100.1", "198.51.100.2"), True, id="a forged header changes nothing"),
        pytest.param("10.0.0.0/8", "10.1.2.3", ("198.51.100.1", "198.51.100.2"), False, id="two behind the proxy have their own"),
        pytest.param(
            "10.0.0.0/8", "10.1.2.3", ("6.6.6.6, 198.51.100.1", "7.7.7.7, 198.51.100.1"), True, id="what the proxy was told is hearsay"
        ),
        pytest.param("10.0.0.0/8", "10.1.2.3", ("198.51.100.1, 10.9.9.9", "198.51.100.2, 10.9.9.9"), False, id="proxies behind proxies"),
        pytest.param("10.0.0.0/8", "10.1.2.3", ("2001:db8::1", "2001:db8::2"), True, id="neighbours on one IPv6 network"),
        pytest.param("10.0.0.0/8", "10.1.2.3", ("2001:db8:0:1::1", "2001:db8:0:2::1"), False, id="two IPv6 networks"),
        pytest.param("10.0.0.0/8", "10.1.2.3", ("nonsense", "other nonsense"), True, id="nonsense is nobody in particular"),
    ],
)
def test_limits_count_networks_as_far_as_they_can_be_known(
    make_app: Callable[..., Starlette],
    proxies: str,
    peer: str,
    forwarded: tuple[str, str],
    shares_a_limit: bool,
) -> None:
    app = make_app(PAPERBOY_TRUSTED_PROXIES=proxies)
    first, second = (Visitor(app, peer, {"X-Forwarded-For": hops}) for hops in forwarded)
    for _ in range(20):
        assert first.send("POST", "/link", data={"email": "x"}).status == 422
    assert first.send("POST", "/link", data={"email": "x"}).status == 429

    assert second.send("POST", "/link", data={"email": "x"}).status == (429 if shares_a_limit else 422)


def test_a_preview_writes_nothing_and_keeps_what_was_typed(visitor: Visitor, home: Page, database: Database) -> None:
    answer = visitor.press(home, "See today’s digest for this", {"email": "ada@example.org", "keywords": "mamba", "topics": ["robotics"]})

    form, _ = answer.form("Subscribe")
    assert answer.status == 200
    assert (form.values["email"], form.values["keywords"], form.values["topics"]) == (["ada@example.org"], ["mamba"], ["robotics"])
    assert letters(database) == []


def test_a_fresh_link_is_asked_for_in_the_same_words_by_everybody(visitor: Visitor, database: Database, clock: SetClock) -> None:
    with database.transaction() as session:
        add_reader(session, now=clock.now())
    page = visitor.open("/link")

    answers = [visitor.press(page, "Send me a fresh link", {"email": f"{name}@example.org"}) for name in ("ada", "nobody")]

    assert {(answer.status, answer.headers["location"], answer.body) for answer in answers} == {(303, "/asked", "")}
    assert letters(database) == [RequestKind.FRESH_LINK]
    assert visitor.press(page, "Send me a fresh link", {"email": "nonsense"}).status == 422


def test_nothing_that_is_typed_reaches_the_page_as_markup(visitor: Visitor, home: Page) -> None:
    nasty = '"><script>alert(1)</script>'

    answer = visitor.press(
        home, "Subscribe", {"email": nasty, "name": nasty, "keywords": nasty, "timezone": nasty, "hour": nasty, "topics": nasty}
    )

    assert answer.status == 422
    assert "<script>alert" not in answer.body
    assert "&lt;script&gt;" in answer.body


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_looking_writes_nothing(visitor: Visitor, database: Database, method: str) -> None:
    for path in ("/", "/asked", "/link", "/?email=ada@example.org&stamp=x"):
        assert visitor.open(path, method).status == 200

    assert letters(database) == []
    with database.reading() as session:
        assert sum(audience.counts(session).values()) == 0


def test_a_form_of_many_megabytes_is_refused(visitor: Visitor) -> None:
    assert visitor.send("POST", "/", data={"email": "x" * 100_000}).status == 413


def test_every_page_forbids_what_it_does_not_need(visitor: Visitor) -> None:
    for path in ("/", "/link", "/nothing-here", "/unsubscribe/x"):
        headers = visitor.open(path).headers
        assert headers["content-security-policy"].startswith("default-src 'none'; style-src 'self'; script-src 'self'")
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-content-type-options"] == "nosniff"
        assert "set-cookie" not in headers


def test_no_page_asks_anybody_else_for_anything(visitor: Visitor) -> None:
    home = visitor.open("/")

    assert home.root is not None
    loaded = [element.get(name, "") for element in home.root.iter() for name in ("src", "data", "poster") if element.get(name)]
    loaded += [link.get("href", "") for link in home.root.iter("link")]
    assert loaded
    assert all(url.startswith("/") for url in loaded)
    assert all(visitor.open(url).headers["cache-control"].endswith("immutable") for url in loaded)
