"""The queue: what is due, from the front, but for what an operator holds back."""

from config.clock import SetClock
from config.database import Database
from tests.worker.send.builders import NOW, a_process, a_row, written
from worker.send import control
from worker.send.models import Kind, Wave
from worker.send.queue import Queue, Taken


def a_queue(database: Database, clock: SetClock) -> Queue:
    return Queue(database, clock, lambda _: None)


def readers(taken: Taken | None) -> set[int]:
    return {one.subscriber_id for one in taken.claims} if taken else set()


def test_nothing_of_a_wave_that_is_held_back_is_claimed(database: Database, clock: SetClock) -> None:
    with database.transaction() as session:
        row = Wave(due_at=NOW, opened_at=NOW)
        session.add(row)
        session.flush()
        wave = row.id
    written(database, a_row(1, wave_id=wave), a_row(2))
    owner, queue = a_process(database), a_queue(database, clock)
    with database.transaction() as session:
        control.pause(session, [wave])
    assert readers(queue.take(owner, [Kind.DIGEST])) == {2}
    assert queue.take_these(owner, [1, 2]) == [], "by name neither"
    with database.transaction() as session:
        control.resume(session, [wave])
    assert readers(queue.take(owner, [Kind.DIGEST])) == {1}


def test_while_everything_is_halted_nothing_is_claimed_not_even_letters(database: Database, clock: SetClock) -> None:
    written(database, a_row(1), a_row(2, kind=Kind.LETTER, occasion="confirm:1"))
    owner, queue = a_process(database), a_queue(database, clock)
    with database.transaction() as session:
        control.halt(session, now=NOW)
    assert queue.take(owner, list(Kind)) is None
    assert queue.take_these(owner, [1, 2]) == []
    with database.transaction() as session:
        control.go_on(session)
    assert readers(queue.take(owner, list(Kind))) == {2}


def test_what_is_asked_for_by_name_comes_a_group_a_kind_so_that_letters_have_the_letters_share(database: Database, clock: SetClock) -> None:
    written(database, a_row(1), a_row(2, kind=Kind.LETTER, occasion="confirm:1"), a_row(3))
    owner, queue = a_process(database), a_queue(database, clock)
    taken = queue.take_these(owner, [1, 2, 3])
    assert [(one.kind, readers(one)) for one in taken] == [(Kind.LETTER, {2}), (Kind.DIGEST, {1, 3})]
