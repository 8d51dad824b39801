"""What an operator may do to the mail under way: `send --pause`, `--resume`, `--cancel`, `--halt`, `--go`. Each may be typed twice."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import click

from config.runtime import Runtime
from worker.commands.terminal import FAILED, USAGE, fail, say
from worker.send import control
from worker.send.control import Steered, SteeringError
from worker.send.ledger import lookups
from worker.send.models import Course

ALL = "all"
_of_waves = partial(click.option, metavar="WAVE|all", multiple=True)
_OPTIONS = (
    _of_waves("--pause", help="Hold back what waits of this wave (its number, as status shows it), or of all that are open."),
    _of_waves("--resume", help="Let a paused wave go on."),
    _of_waves("--cancel", help="Call a wave off for good: what waits of it is not sent, and its papers may come again."),
    click.option("--halt", is_flag=True, help="Stop all sending at once, letters too, until --go."),
    click.option("--go", is_flag=True, help="Go on after --halt."),
    click.option(
        "--retry",
        type=click.Choice(["failed"]),
        metavar="failed",
        help="Try again what failed and is not stale; what was refused never is.",
    ),
)


@dataclass(frozen=True, slots=True)
class Wish:
    """One thing that is asked for, and of which waves: their numbers, or none for all."""

    name: str
    waves: tuple[int, ...] | None = None


def options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add what steers to a command."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def wished(steering: dict[str, Any], *others: object) -> Wish | None:
    """What of `steering` was asked for, if anything. Ends with 2 when it is more than one thing, or something besides."""
    given = [name for name in ("pause", "resume", "cancel", "halt", "go") if steering[name]]
    if not given:
        return None
    if len(given) > 1 or any(others) or steering["retry"]:
        fail(f"--{given[0]} stands alone: it sends nothing. Example: ./paperboy send --{given[0]}{_example(given[0])}", USAGE)
    return Wish(given[0], _numbers(given[0], steering[given[0]]) if given[0] not in {"halt", "go"} else None)


def steer(runtime: Runtime, wish: Wish) -> None:
    """Do it, and say what was done, with counts."""
    now = runtime.clock.now()
    try:
        with runtime.database.transaction() as session:
            match wish.name:
                case "pause":
                    lines = _told(control.pause(session, wish.waves), _paused)
                case "resume":
                    lines = _told(control.resume(session, wish.waves), _resumed)
                case "cancel":
                    lines = _told(control.cancel(session, wish.waves, now=now), _cancelled)
                case "halt":
                    turned, since = control.halt(session, now=now), control.halted(session)
                    lines = [_halted(turned, since or now, sum(lookups.waiting(session, now=now).values()))]
                case _:
                    waiting = sum(lookups.waiting(session, now=now).values())
                    lines = [f"mail flows again: {waiting} wait to be handed over" if control.go_on(session) else "nothing was halted"]
    except SteeringError as error:
        fail(f"--{wish.name}: {error}. Look with: paperboy status")
    for line in lines:
        say(line)


def refuse_if_halted(runtime: Runtime) -> None:
    """End with 1 when nothing may be sent."""
    with runtime.database.reading() as session:
        since = control.halted(session)
    if since:
        fail(f"all sending is halted since {_moment(since)}; go on with: paperboy send --go", FAILED)


def _numbers(name: str, words: Sequence[str]) -> tuple[int, ...] | None:
    if ALL in words:
        return None
    for word in words:
        if not (word.isascii() and word.isdecimal()) or len(word) > len(str(2**62)):
            fail(f"--{name}: {word!r} is no number of a wave; paperboy status shows them, and {ALL} means every open one", USAGE)
    return tuple(dict.fromkeys(map(int, words)))


def _example(name: str) -> str:
    return "" if name in {"halt", "go"} else " 12"


def _told(steered: Sequence[Steered], words: Callable[[Steered], str]) -> list[str]:
    return [f"wave {one.wave_id} of {_moment(one.due_at)}: {words(one)}" for one in steered] or ["no such wave is open: nothing was done"]


def _paused(one: Steered) -> str:
    how = "was paused already" if one.was == Course.PAUSED else "paused"
    back = f"{how}; {one.deliveries} held back{_on_their_way(one)}"
    return f"{back}. They grow stale at their time; go on with: paperboy send --resume {one.wave_id}"


def _resumed(one: Steered) -> str:
    return f"{'goes on' if one.was == Course.PAUSED else 'was not paused'}; {one.deliveries} wait to be handed over"


def _cancelled(one: Steered) -> str:
    if one.was == Course.CANCELLED:
        return f"was cancelled already{_on_their_way(one)}"
    return f"cancelled; {one.deliveries} not sent, their papers may come again{_on_their_way(one)}"


def _on_their_way(one: Steered) -> str:
    return f"; {one.on_their_way} just being handed over cannot be called back" if one.on_their_way else ""


def _halted(turned: bool, since: datetime, waiting: int) -> str:  # noqa: FBT001 - what the switch answered
    how = "halted" if turned else f"halted already, since {_moment(since)}"
    return f"{how}: nothing more goes out, letters neither; {waiting} wait. What is on the wire is answered. Go on with: paperboy send --go"


def _moment(at: datetime) -> str:
    return f"{at:%a %d %b %H:%M} UTC"
