"""What composing costs, in microseconds of CPU a mail of ten cards: `./paperboy test -m bench -k composing -s` prints it."""

import time
from dataclasses import replace
from random import Random

import pytest

from tests.worker.render.builders import BASE, a_press, an_addressee, the_week
from worker.pick.choices import Choice, Selection
from worker.render.addressee import Addressee, Urls

READERS = 2_000


def readers(random: Random) -> list[tuple[Selection, Addressee]]:
    numbers = list(the_week())
    made = []
    for reader in range(READERS):
        chosen = random.sample(numbers, 10)
        reasons = [f"Agents; keyword {random.choice(('mamba', 'loop', 'quantum', 'video'))} {number % 9}" for number in chosen]
        choices = tuple(map(Choice, chosen, reasons))
        token = f"{reader:027d}"
        urls = Urls(
            leave=f"{BASE}/unsubscribe/{token}",
            preferences=f"{BASE}/preferences/{token}",
            view=f"{BASE}/digests/{token}",
            votes=f"{BASE}/digests/{token}/papers/",
            signup=f"{BASE}/",
        )
        to = replace(an_addressee(), address=f"reader{reader}@example.org", name=f"Reader {reader}", delivery_id=reader, urls=urls)
        made.append((Selection(for_you=choices[:5], trending=choices[5:], candidates=412), to))
    return made


@pytest.mark.bench
def test_composing_ten_cards_costs_microseconds() -> None:
    press, papers, everyone = a_press(), the_week(), readers(Random(1))
    costs = []
    for _ in range(6):
        begun = time.process_time()
        size = sum(len(press.digest(selection, papers, to).wire()) for selection, to in everyone)
        costs.append((time.process_time() - begun) / READERS * 1e6)
    print(f"compose and join: {min(costs):.0f} us of CPU a mail of {size / READERS / 1000:.0f} kB")  # noqa: T201 - a bench speaks
    assert min(costs) < 300
