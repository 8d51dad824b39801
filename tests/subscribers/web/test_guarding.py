from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from itertools import count
from pathlib import Path

import pytest
from starlette.applications import Starlette

from config.database import Database
from config.settings import SettingsError, load
from subscribers import audience, knocks
from subscribers.web.guarding import Guards, domains
from tests.subscribers.web.visitor import Visitor


def solved(task: str, bits: int) -> str:
    return next(
        str(number) for number in count() if int.from_bytes(sha256(f"{task}:{number}".encode()).digest(), "big") >> (256 - bits) == 0
    )


def readers(database: Database) -> int:
    knocks.open_door(database)
    with database.reading() as session:
        return sum(audience.counts(session).values())


def test_domains_are_read_from_lines_with_remarks() -> None:
    assert domains(["mailinator.com", "  # all of them", "Trash.Example. # old", "", "bücher.example"]) == {
        "mailinator.com",
        "trash.example",
        "xn--bcher-kva.example",
    }


@pytest.mark.parametrize(
    ("address", "refused"),
    [
        ("ada@mailinator.com", True),
        ("ada@MAILINATOR.com", True),
        ("ada@eu.mailinator.com", True),
        ("ada@notmailinator.com", False),
        ("mailinator.com@example.org", False),
    ],
)
def test_a_domain_is_refused_with_all_below_it(address: str, refused: bool) -> None:
    assert Guards(frozenset({"mailinator.com"})).refuses(address) == refused


def test_an_address_on_a_refused_domain_is_told_so(
    make_app: Callable[..., Starlette], database: Database, wait: Callable[[timedelta], None], tmp_path: Path
) -> None:
    file = tmp_path / "disposable.txt"
    file.write_text("mailinator.com\n", encoding="utf-8")
    visitor = Visitor(make_app(PAPERBOY_REFUSED_DOMAINS=str(file)))
    home = visitor.open("/")
    wait(timedelta(seconds=5))

    answer = visitor.press(home, "Subscribe", {"email": "ada@mailinator.com"})

    assert (answer.status, "throw-away" in answer.words, readers(database)) == (422, True, 0)
    assert visitor.press(home, "Subscribe", {"email": "ada@example.org"}).status == 303


@pytest.mark.parametrize("answer", ["", "x", "-1", "1" * 21, "٣", " 1"])
def test_what_is_no_number_is_no_work(answer: str) -> None:
    assert not Guards(bits=1).accepts("task", answer)


def test_work_counts_for_its_own_task_alone() -> None:
    answer = solved("task", 12)

    assert Guards(bits=12).accepts("task", answer)
    assert not Guards(bits=12).accepts("another task", answer)
    assert Guards(bits=0).accepts("task", "")


def test_signing_up_takes_the_work_where_the_operator_asks_for_it(
    make_app: Callable[..., Starlette], database: Database, wait: Callable[[timedelta], None]
) -> None:
    visitor = Visitor(make_app(PAPERBOY_PROOF_OF_WORK="8"))
    home = visitor.open("/")
    wait(timedelta(seconds=5))
    [stamp] = home.form("Subscribe")[0].values["stamp"]
    work = solved(f"{stamp}:ada@example.org", 8)

    without = visitor.press(home, "Subscribe", {"email": "ada@example.org"})
    for_another = visitor.press(home, "Subscribe", {"email": "bob@example.org", "answer": work})

    assert "signing up needs JavaScript here" in home.body
    assert (without.status, "small sum" in without.words, for_another.status, readers(database)) == (422, True, 422, 0)
    assert visitor.press(home, "Subscribe", {"email": "ada@example.org", "answer": work}).status == 303
    assert readers(database) == 1


@pytest.mark.parametrize("bits", ["-1", "25", "many"])
def test_work_beyond_bearing_is_refused_at_the_start(bits: str) -> None:
    with pytest.raises(SettingsError, match="PAPERBOY_PROOF_OF_WORK"):
        load({"PAPERBOY_PROOF_OF_WORK": bits})
