"""SMTP over kept connections to one relay: lines are dialled, kept, retired and given up here; what is said on them is the dialogue's."""

from collections.abc import Iterable, Iterator

from config.clock import Clock
from worker.send.port import Blame, Journal, Outcome, Parcel, Unavailable
from worker.send.smtp.dialling import Trust, dial
from worker.send.smtp.dialogue import Dialogue
from worker.send.smtp.envelope import RSET
from worker.send.smtp.line import Line, LineBroken
from worker.send.smtp.relay import Relay

_FRUITLESS_LINES = 2  # lines in a row that broke before a single parcel was through: the relay is not well


class SmtpMailer:
    """A `Mailer` that hands over to one relay."""

    def __init__(self, relay: Relay, clock: Clock, journal: Journal) -> None:
        """Raises ValueError when the relay's `ca` cannot be read."""
        self.name = relay.name
        self._relay = relay
        self._clock = clock
        self._trust = Trust(relay.ca)
        self._dialogue = Dialogue(journal, relay.max_messages)
        self._helo: str | None = None  # smtplib asks DNS for it: once is enough
        self._line: Line | None = None

    def deliver(self, parcels: Iterable[Parcel]) -> Iterator[Outcome]:
        """Hand over. One parcel is drawn ahead while a body waits to leave, so drawing should not wait for anything.

        When the relay turns us away (it refuses our sender or our login, or breaks line after line), the batch ends early, and
        the next call raises Unavailable without asking again: the call after that one does.
        """
        dialogue = self._dialogue
        if dialogue.turned_away:
            words, dialogue.turned_away = dialogue.turned_away, ""
            raise Unavailable(words)
        line: Line | None = self._ready_line()
        queue = iter(parcels)
        fruitless = 0
        while line is not None:
            before = line.settled
            try:
                yield from dialogue.converse(line, queue)
            except LineBroken as broken:
                # A line that was closed over one domain says nothing against the relay.
                well = line.settled > before or any(fate.blame is Blame.DOMAIN for fate in dialogue.stakes.values())
                fruitless = 0 if well else fruitless + 1
                line.close()
                yield from dialogue.lost(broken)
                if fruitless >= _FRUITLESS_LINES:
                    dialogue.turned_away = f"every line breaks: {broken.words}"
            finally:
                self._abandon()
            line = self._next_line(line)

    def check(self) -> str:
        """What a fresh look at the relay finds."""
        line = self._ready_line()
        found = ["TLS" if line.is_encrypted else "in clear"]
        found += ["logged in"] if self._relay.user else []
        found += ["pipelining"] if line.pipelines else ["no pipelining: slower"]
        found += [f"messages up to {line.size_limit} bytes"] if line.size_limit else []
        return f"{self.name}: {', '.join(found)}"

    def close(self) -> None:
        """QUIT, if there is a line."""
        if self._line is not None:
            self._line.hang_up()
            self._line = None

    def _ready_line(self) -> Line:
        """The kept line if it still answers, or a new one. RSET finds out about a line that died or spoke while it was idle."""
        if self._line is not None:
            try:
                self._line.expect_silence()
                if self._line.ask(RSET).positive:
                    return self._line
            except LineBroken:
                pass
            self._line.close()
        self._line = None
        self._line = dial(self._relay, self._trust, self._clock, helo=self._helo)
        self._helo = self._line.local_hostname
        return self._line

    def _next_line(self, line: Line) -> Line | None:
        """Where the rest of the batch goes: None when there is no rest, or nowhere to go."""
        if self._dialogue.turned_away:
            self.close()
            return None
        if line.sock is not None and line.messages < self._relay.max_messages:
            return None  # the line is well: it was the parcels that came to their end
        try:
            self.close()
            return self._ready_line()
        except Unavailable:
            return None

    def _abandon(self) -> None:
        """Drop the line when the consumer, or the drawing of a parcel, left it in the middle of something."""
        if self._dialogue.stakes and self._line is not None:
            self._line.close()
            self._line = None
        self._dialogue.stakes.clear()
