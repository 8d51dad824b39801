"""What a relay is told to do wrong: one line a fault, the same in a test and on the command line."""

import shlex
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from random import Random

PLACES = ("connect", "greeting", "ehlo", "starttls", "auth", "mail", "rcpt", "data", "body", "dot", "rset", "quit")
ACTIONS = {
    "reply": "say ARGUMENT instead (after 421 the line is closed); what it answers did not happen",
    "drop": "close the line instead of answering; what it answers did not happen",
    "reset": "the same with RST, as a crashed machine does",
    "keep": "at the dot: take the message, and close the line without a word",
    "late": "answer after ARGUMENT seconds",
    "hang": "never answer",
    "garbage": "say what is no reply, though it did happen",
    "half": "say half of the reply and close the line, though it did happen",
    "twice": "say the reply two times",
    "inject": "say ARGUMENT behind the reply, in the same write",
    "badtls": "write clear text under the TLS, and close",
}
HELP = f"PLACE [to=GLOB] [after=N] [every=N] [times=N] [chance=P] ACTION [ARGUMENT]\nplaces: {', '.join(PLACES)}\nactions:\n" + "\n".join(
    f"  {name}: {words}" for name, words in ACTIONS.items()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that goes wrong: `fault("dot to=*@slow.example every=7 late 60")`."""

    place: str
    action: str
    argument: str = ""
    to: str = "*"  # recipients it is for; before RCPT there is none, and only "*" fits
    after: int = 0  # occasions that fit and are let pass first
    every: int = 1
    times: int = 10**9
    chance: float = 1.0


def fault(line: str) -> Fault:
    """The fault that a line describes. Raises ValueError."""
    place, *rest = shlex.split(line)
    conditions: dict[str, str] = {}
    while rest and "=" in rest[0]:
        name, _, value = rest.pop(0).partition("=")
        conditions[name] = value
    if place not in PLACES or not rest or rest[0] not in ACTIONS:
        raise ValueError(f"{line!r} is no fault; write {HELP}")
    action, *words = rest
    numbers = {name: int(conditions.pop(name)) for name in ("after", "every", "times") if name in conditions}
    chance, to = float(conditions.pop("chance", "1")), conditions.pop("to", "*")
    if conditions:
        raise ValueError(f"{line!r} has unknown conditions {sorted(conditions)}; write {HELP}")
    return Fault(place=place, action=action, argument=" ".join(words), to=to, chance=chance, **numbers)


class Script:
    """Which fault strikes now; counts occasions across all connections."""

    def __init__(self, faults: Sequence[Fault], seed: int = 0) -> None:
        self._faults = tuple(faults)
        self._met = [0] * len(faults)
        self._struck = [0] * len(faults)
        self._random = Random(seed)
        self._lock = threading.Lock()

    def strikes(self, place: str, recipients: Sequence[str] = ()) -> Fault | None:
        """The first fault that fits this occasion."""
        with self._lock:
            return next((one for number, one in enumerate(self._faults) if self._fits(number, one, place, recipients)), None)

    def _fits(self, number: int, one: Fault, place: str, recipients: Sequence[str]) -> bool:
        if one.place != place or not (one.to == "*" or any(fnmatch(name, one.to) for name in recipients)):
            return False
        self._met[number] += 1
        due = self._met[number] > one.after and (self._met[number] - one.after) % one.every == 0
        if not due or self._struck[number] >= one.times or self._random.random() >= one.chance:
            return False
        self._struck[number] += 1
        return True
