"""What composing and signing cost, in microseconds of CPU a mail of ten cards: `./paperboy test -n 0 -s -m bench tests/worker/render`."""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from tests.worker.render.builders import BASE, a_press, a_week_selection, an_addressee, settings, the_week
from tests.worker.render.keys import write_keys
from worker.pick.choices import Choice, Selection
from worker.render.addressee import Addressee, Urls
from worker.render.dkim import signer_from
from worker.render.press import Press

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


def cost(act: Callable[[], object], times: int = 300) -> float:
    """CPU of one call in microseconds, the best of six runs."""
    costs = []
    for _ in range(6):
        begun = time.process_time()
        for _ in range(times):
            act()
        costs.append((time.process_time() - begun) / times * 1e6)
    return min(costs)


@pytest.mark.bench
def test_signing_costs_what_the_signatures_cost(tmp_path: Path) -> None:
    for kinds in ({"r": "2048"}, {"e": "ed25519"}, {"r": "2048", "e": "ed25519"}):
        keys = write_keys(tmp_path, **kinds)
        messages = [press.digest(a_week_selection(), the_week(), an_addressee()) for press in (a_press(), Press(settings(dkim=keys)))]
        plain, signed = (cost(message.wire) for message in messages)
        bare = sum(cost(lambda sign=key.sign: sign(b"x" * 900)) for key in signer_from(settings(dkim=keys)).keys)  # type: ignore[misc]  # bound now, on purpose
        names = " and ".join(kinds.values())
        print(f"signing with {names}: {signed - plain:.0f} us of CPU a mail, of which {bare:.0f} are bare signatures")  # noqa: T201 - a bench speaks
        assert signed - plain < 3 * bare
