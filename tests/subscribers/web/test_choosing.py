from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from config.clock import SetClock
from config.database import Database
from subscribers import preferences, requests, standing, votes
from subscribers.choices import Choices
from subscribers.links import Links
from subscribers.models import Request, RequestKind, Standing, Subscriber
from tests.subscribers.builders import add_reader, some_choices
from tests.subscribers.web.visitor import Visitor

LINKS = Links(("for-development-only-change-me",), "http://127.0.0.1:8000")


@dataclass(frozen=True)
class Ada:
    """A reader, and the link of a digest of hers."""

    id: int
    weak: str
    database: Database

    def row(self) -> Subscriber:
        with self.database.reading() as session:
            return session.get_one(Subscriber, self.id)

    def choices(self) -> Choices:
        with self.database.reading() as session:
            return preferences.read(session, session.get_one(Subscriber, self.id))

    def letters(self) -> list[tuple[str, str]]:
        with self.database.reading() as session:
            return [(request.kind, request.detail) for request in session.scalars(select(Request).order_by(Request.id))]

    def fresh(self, clock: SetClock) -> str:
        with self.database.transaction() as session:
            return LINKS.fresh(requests.ask(session, self.id, RequestKind.FRESH_LINK, clock.now()), clock.now())


@pytest.fixture
def ada(database: Database, clock: SetClock) -> Ada:
    with database.transaction() as session:
        number = add_reader(session, now=clock.now(), name="Ada").id
    return Ada(number, LINKS.preferences(number, clock.now()), database)


def test_the_page_shows_what_is_chosen_and_when_the_next_digest_is_due(visitor: Visitor, ada: Ada) -> None:
    page = visitor.open(ada.weak)

    form, _ = page.form("Save")
    assert "Your next digest is due Wednesday 17 June at 08:00" in page.words
    assert (form.values["topics"], form.values["keywords"], form.values["cadence"]) == (["robotics"], ["mamba"], ["daily"])
    assert (form.values["hour"], form.values["timezone"], form.values["for_you"]) == (["8"], ["Europe/London"], ["5"])


def test_looking_changes_nothing(visitor: Visitor, ada: Ada) -> None:
    for method in ("GET", "HEAD"):
        visitor.open(ada.weak, method)

    assert (ada.choices(), ada.letters()) == (some_choices(name="Ada"), [])


def test_saving_keeps_the_choices_says_what_changed_and_can_be_undone(visitor: Visitor, ada: Ada) -> None:
    page = visitor.open(ada.weak)

    saved = visitor.press(page, "Save", {"topics": ["video"], "keywords": "agents", "hour": "20", "name": ""})

    assert ada.choices() == some_choices(topics=("video",), keywords=("agents",), hour=20)
    assert ada.row().next_due_at == datetime(2026, 6, 17, 19, 0, tzinfo=UTC)
    for words in (
        "Added topic: Video.",
        "Removed topic: Robotics.",
        "Added keyword: agents.",
        "Every day at 20:00",
        "no longer use your name",
    ):
        assert words in saved.words
    undone = visitor.press(saved, "Undo")
    assert ada.choices() == some_choices(name="Ada")
    assert "Removed topic: Video." in undone.words


def test_saving_what_is_there_says_so_and_offers_no_undo(visitor: Visitor, ada: Ada) -> None:
    saved = visitor.press(visitor.open(ada.weak), "Save")

    assert "Nothing was changed." in saved.words
    assert "Undo" not in [words for form in saved.forms for words in form.buttons]


def test_a_fault_saves_nothing_and_loses_nothing_typed(visitor: Visitor, ada: Ada) -> None:
    answer = visitor.press(visitor.open(ada.weak), "Save", {"keywords": "x\nagents", "for_you": "0", "trending": "0"})

    assert answer.status == 422
    assert "a digest without papers is none" in answer.words
    assert answer.form("Save")[0].values["keywords"] == ["x\nagents"]
    assert ada.choices() == some_choices(name="Ada")


def test_a_preview_saves_nothing(visitor: Visitor, ada: Ada) -> None:
    answer = visitor.press(visitor.open(ada.weak), "See today’s digest for this", {"keywords": "agents"})

    assert answer.form("Save")[0].values["keywords"] == ["agents"]
    assert ada.choices() == some_choices(name="Ada")


def test_a_pause_ends_by_itself_on_a_day_of_the_reader_s_own(visitor: Visitor, ada: Ada) -> None:
    paused = visitor.press(visitor.open(ada.weak), "Pause", {"until": "2026-07-01"})

    assert "No digest before 1 July 2026." in paused.words
    assert "Paused until Wednesday 1 July" in paused.words
    assert ada.row().paused_until == datetime(2026, 6, 30, 23, 0, tzinfo=UTC)
    assert ada.row().next_due_at == datetime(2026, 7, 1, 7, 0, tzinfo=UTC)
    assert "The pause is over." in visitor.press(paused, "End the pause").words
    assert ada.row().standing == Standing.ACTIVE


@pytest.mark.parametrize("until", ["", "tomorrow", "2026-06-17", "2020-01-01", "2029-01-01", "2026-02-30", "9999-12-31", "0001-01-01"])
def test_a_pause_until_no_such_day_is_refused(visitor: Visitor, ada: Ada, until: str) -> None:
    answer = visitor.press(visitor.open(ada.weak), "Pause", {"until": until})

    assert (answer.status, "Give a day after today" in answer.words) == (422, True)
    assert ada.row().standing == Standing.ACTIVE


def test_votes_are_shown_and_can_be_withdrawn(visitor: Visitor, ada: Ada, database: Database, clock: SetClock) -> None:
    with database.transaction() as session:
        votes.cast(session, ada.id, "arxiv:2606.00001", votes.Value.MORE, clock.now())
        votes.cast(session, ada.id, "arxiv:2606.00001", votes.Value.LESS, clock.now())
    page = visitor.open(ada.weak)
    assert "arxiv:2606.00001 Not for me" in page.words

    answer = visitor.press(page, "Withdraw")

    assert "Your vote is withdrawn." in answer.words
    assert "There was no such vote." in visitor.press(page, "Withdraw").words
    with database.reading() as session:
        assert votes.of(session, ada.id) == []


def test_the_link_of_a_digest_shows_no_address_and_can_neither_move_export_nor_erase(visitor: Visitor, ada: Ada) -> None:
    page = visitor.open(ada.weak)

    assert "ada@example.org" not in page.body
    assert not {"Move", "Take my data (JSON)", "Erase me"} & {words for form in page.forms for words in form.buttons}
    for act in ("address", "export", "erase", "return"):
        answer = visitor.send("POST", f"{ada.weak}/{act}", data={"email": "evil@example.org", "sure": "yes"})
        assert (answer.status, "made for something else" in answer.words) == (404, True)
    assert ada.row().address == "ada@example.org"


def test_from_the_link_of_a_digest_a_fresh_one_goes_to_the_reader_s_own_address(visitor: Visitor, ada: Ada) -> None:
    answer = visitor.press(visitor.open(ada.weak), "Mail me a fresh link")

    assert "A fresh link is on its way to your address" in answer.words
    assert ada.letters() == [(RequestKind.FRESH_LINK, "")]


def test_a_fresh_link_moves_to_a_new_address_that_must_answer_first(visitor: Visitor, ada: Ada, clock: SetClock) -> None:
    page = visitor.open(ada.fresh(clock))
    assert "For ada@example.org" in page.words
    assert visitor.press(page, "Move", {"email": "nonsense"}).status == 422

    answer = visitor.press(page, "Move", {"email": "Ada@new.example"})

    assert "We wrote to Ada@new.example" in answer.words
    assert ada.letters()[1:] == [(RequestKind.NEW_ADDRESS, "Ada@new.example")]
    assert ada.row().address == "ada@example.org"


def test_a_fresh_link_writes_to_one_new_address_and_to_no_second_one(visitor: Visitor, ada: Ada, clock: SetClock) -> None:
    page = visitor.open(ada.fresh(clock))
    visitor.press(page, "Move", {"email": "ada@new.example"})

    answer = visitor.press(page, "Move", {"email": "stranger@example.com"})

    assert (answer.status, "was used already" in answer.words) == (410, True)
    assert ada.letters()[1:] == [(RequestKind.NEW_ADDRESS, "ada@new.example")]


def test_a_move_to_an_address_that_is_taken_says_nothing_and_writes_to_nobody(visitor: Visitor, ada: Ada, clock: SetClock) -> None:
    with ada.database.transaction() as session:
        add_reader(session, "bob@example.org", now=clock.now())

    answer = visitor.press(visitor.open(ada.fresh(clock)), "Move", {"email": "bob@example.org"})

    assert "We wrote to bob@example.org" in answer.words
    assert len(ada.letters()) == 1


def test_my_data_is_a_file_and_uses_the_link_up(visitor: Visitor, ada: Ada, clock: SetClock) -> None:
    fresh = ada.fresh(clock)

    answer = visitor.press(visitor.open(fresh), "Take my data (JSON)")

    assert answer.headers["content-disposition"] == 'attachment; filename="my-data.json"'
    assert answer.response.json()["address"] == "ada@example.org"
    assert answer.response.json()["choices"]["keywords"] == ["mamba"]
    assert (visitor.open(fresh).status, "was used already" in visitor.open(fresh).words) == (410, True)


def test_erasing_takes_a_ticked_box_and_leaves_nothing(visitor: Visitor, ada: Ada, clock: SetClock) -> None:
    page = visitor.open(ada.fresh(clock))
    assert visitor.press(page, "Erase me").status == 422

    answer = visitor.press(page, "Erase me", {"sure": "yes"})

    assert answer.heading == "Erased"
    with ada.database.reading() as session:
        assert session.get(Subscriber, ada.id) is None
    assert (visitor.open(ada.weak).status, "has expired" in visitor.open(ada.weak).words) == (410, True)


def test_a_fresh_link_is_good_for_thirty_minutes(visitor: Visitor, ada: Ada, clock: SetClock, wait: Callable[[timedelta], None]) -> None:
    fresh = ada.fresh(clock)
    wait(timedelta(minutes=29))
    assert visitor.open(fresh).status == 200
    wait(timedelta(minutes=2))

    assert visitor.open(fresh).status == 410


def test_the_link_of_a_digest_is_good_for_sixty_days(visitor: Visitor, ada: Ada, wait: Callable[[timedelta], None]) -> None:
    wait(timedelta(days=60))
    assert visitor.open(ada.weak).status == 200
    wait(timedelta(days=2))

    assert visitor.open(ada.weak).status == 410


def test_who_left_comes_back_by_a_fresh_link_alone(visitor: Visitor, ada: Ada, clock: SetClock) -> None:
    with ada.database.transaction() as session:
        standing.leave(session.get_one(Subscriber, ada.id))
    weak = visitor.open(ada.weak)
    assert "You have left" in weak.words
    assert visitor.send("POST", ada.weak, data={"hour": "9"}).status == 410
    assert "A fresh link is on its way" in visitor.press(weak, "Mail me a link to come back").words
    assert ada.row().standing == Standing.LEFT

    back = visitor.press(visitor.open(LINKS.fresh(1, clock.now())), "Send me digests again")

    assert "Good to have you back." in back.words
    assert (ada.row().standing, ada.row().consent_source) == (Standing.ACTIVE, "/preferences")


def test_a_suppressed_reader_is_told_and_cannot_come_back_alone(visitor: Visitor, ada: Ada, clock: SetClock) -> None:
    fresh = ada.fresh(clock)
    with ada.database.transaction() as session:
        standing.suppress(session, ada.row().address_key, standing.Reason.COMPLAINED, clock.now())

    assert "We stopped writing to your address" in visitor.open(fresh).words
    tried = visitor.send("POST", f"{fresh}/return")
    assert "Good to have you back." not in tried.words
    assert ada.row().standing == Standing.SUPPRESSED


def test_the_page_leads_to_the_leave_page(visitor: Visitor, ada: Ada) -> None:
    leave = next(url for url in visitor.open(ada.weak).links if "/unsubscribe/" in url)

    assert visitor.open(leave).heading == "Stop all mail?"


def test_what_a_reader_typed_is_text_on_the_page(visitor: Visitor, ada: Ada, clock: SetClock) -> None:
    nasty = '"><script>alert(1)</script>'
    with ada.database.transaction() as session:
        row = session.get_one(Subscriber, ada.id)
        preferences.save(session, row, some_choices(name=nasty, keywords=(nasty,), zone=nasty), clock.now())

    assert "<script>alert" not in visitor.open(ada.weak).body
