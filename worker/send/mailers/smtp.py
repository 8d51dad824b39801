"""SMTP over a kept connection, pipelined where the relay allows it (RFC 2920); never calls a message accepted without its own answer.

One write carries the body of a parcel and MAIL, RCPT and DATA of the next, so a parcel costs one round trip and at most one body
is on the wire. Whatever breaks, a parcel whose final dot did not leave is deferred, and one whose dot may have left is unknown.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from config.clock import Clock
from worker.send.port import Blame, Journal, Outcome, Parcel, Unavailable, Verdict, Withheld
from worker.send.smtp.line import Line, LineBroken
from worker.send.smtp.relay import Relay, Trust, dial
from worker.send.smtp.replies import CLOSING, START_INPUT, Phase, Reply, blame, turns_us_away, verdict

_DOT = b".\r\n"
_RSET = b"RSET\r\n"
_FRUITLESS_LINES = 2  # lines in a row that broke before a single parcel was through: the relay is not well
# What an envelope may carry without quoting or SMTPUTF8; anything else could end the command and begin another.
_ADDRESS = re.compile(r"[!-;=?-~]{1,254}")


@dataclass(frozen=True, slots=True)
class _Post:
    """A parcel with its bytes, as they go after DATA.

    `Message.wire` promises CRLF and no line that begins with a dot (its pieces are checked once a card). To look at every byte
    again would cost 30 to 150 us a mail, more than sending it.
    """

    parcel: Parcel
    wire: bytes

    @property
    def id(self) -> int:
        return self.parcel.delivery_id


@dataclass(frozen=True, slots=True)
class _Tail:
    """What the line owes the relay for the parcel before: a body, a lone dot, RSET, or nothing."""

    data: bytes = b""
    post: _Post | None = None  # whose body it is


@dataclass(frozen=True, slots=True)
class _Fate:
    """What becomes of a parcel under way if the line breaks now; a code only when an answer was its own."""

    verdict: Verdict
    code: str = ""
    words: str = ""
    blame: Blame = Blame.MAILER


class SmtpMailer:
    """A `Mailer` that hands over to one relay."""

    def __init__(self, relay: Relay, clock: Clock, journal: Journal) -> None:
        """Raises ValueError when the relay's `ca` cannot be read."""
        self.name = relay.name
        self._relay = relay
        self._clock = clock
        self._journal = journal
        self._trust = Trust(relay.ca)
        self._helo: str | None = None  # smtplib asks DNS for it: once is enough
        self._line: Line | None = None
        self._stakes: dict[int, _Fate] = {}  # drawn and unanswered
        self._turned_away = ""

    def deliver(self, parcels: Iterable[Parcel]) -> Iterator[Outcome]:
        """Hand over. One parcel is drawn ahead while a body waits to leave, so drawing should not wait for anything.

        When the relay turns us away (it refuses our sender or our login, or breaks line after line), the batch ends early, and
        the next call raises Unavailable without asking again: the call after that one does.
        """
        if self._turned_away:
            words, self._turned_away = self._turned_away, ""
            raise Unavailable(words)
        line: Line | None = self._ready_line()
        queue = iter(parcels)
        fruitless = 0
        while line is not None:
            before = line.settled
            try:
                yield from self._converse(line, queue)
            except LineBroken as broken:
                # A line that was closed over one domain says nothing against the relay.
                well = line.settled > before or any(fate.blame is Blame.DOMAIN for fate in self._stakes.values())
                fruitless = 0 if well else fruitless + 1
                yield from self._lost(broken)
                if fruitless >= _FRUITLESS_LINES:
                    self._turned_away = f"every line breaks: {broken.words}"
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

    # -- lines -----------------------------------------------------------------------------------------------------

    def _ready_line(self) -> Line:
        """The kept line if it still answers, or a new one. RSET finds out about a line that died or spoke while it was idle."""
        if self._line is not None:
            try:
                self._line.expect_silence()
                if self._line.ask(_RSET).positive:
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
        if self._turned_away:
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
        if self._stakes and self._line is not None:
            self._line.close()
            self._line = None
        self._stakes.clear()

    # -- the dialogue ----------------------------------------------------------------------------------------------

    def _converse(self, line: Line, queue: Iterator[Parcel]) -> Iterator[Outcome]:
        """Hand over on this line until the parcels, or the line's messages, come to their end. Raises LineBroken."""
        tail = _Tail()
        while not self._turned_away and line.messages < self._relay.max_messages and (parcel := next(queue, None)) is not None:
            self._stakes[parcel.delivery_id] = _Fate(Verdict.DEFERRED)
            post = _Post(parcel, parcel.message.wire())
            if unfit := _unfit(post, line.size_limit):
                yield self._settled(line, unfit)
                continue
            line.messages += 1
            commands = _commands(post, line)
            yield from self._finish(line, tail, b"".join(commands) if line.pipelines else b"")
            answers = self._answers(line, post) if line.pipelines else self._step_by_step(line, post, commands)
            refusal, tail = self._judge(post, answers)
            if refusal:
                yield self._settled(line, refusal)
        yield from self._finish(line, tail)

    def _finish(self, line: Line, tail: _Tail, following: bytes = b"") -> Iterator[Outcome]:
        """Write what the line owes, with what follows it, and read the answer to it."""
        line.expect_silence()
        self._write(line, tail, following)
        if tail.post is not None:
            yield self._settled(line, self._answer_to_body(line, tail.post))
        elif tail.data:
            reply = line.reply(line.patience.command)
            if reply.code == CLOSING or (tail.data == _RSET and not reply.positive):
                raise LineBroken(f"the relay refuses to go on: {reply}")

    def _write(self, line: Line, tail: _Tail, following: bytes) -> None:
        if tail.post is not None:
            self._begin(tail.post)
        try:
            line.write(tail.data + following)
        except LineBroken as broken:
            # Short of the final dot a relay has no message; "\r\n.\r" might pass for one with a careless relay.
            if tail.post is not None and broken.given <= len(tail.data) - len(_DOT):
                self._stakes[tail.post.id] = _Fate(Verdict.DEFERRED)
            raise

    def _begin(self, post: _Post) -> None:
        try:
            self._journal.begun(post.id)
        except Withheld as error:
            raise LineBroken(str(error)) from error
        except OSError as error:
            raise LineBroken(f"the journal cannot be written, so nothing is sent: {error.strerror or error}") from error
        self._stakes[post.id] = _Fate(Verdict.UNKNOWN)

    def _answer_to_body(self, line: Line, post: _Post) -> Outcome:
        reply = line.reply(line.patience.final)
        if reply.positive:
            return Outcome(post.id, Verdict.ACCEPTED, reply.label, reply.words, reply.queue_id)
        if not reply.negative:
            raise LineBroken(f"the relay answers a body with {reply}")
        self._unless_closing(post, Phase.BODY, reply)
        return _refusal(post, Phase.BODY, reply)

    def _answers(self, line: Line, post: _Post) -> dict[Phase, Reply]:
        """The three answers to a pipelined envelope."""
        return {phase: self._answer(line, post, phase) for phase in (Phase.MAIL, Phase.RCPT, Phase.DATA)}

    def _step_by_step(self, line: Line, post: _Post, commands: tuple[bytes, ...]) -> dict[Phase, Reply]:
        """The same in lock-step: nothing more is said after a refusal."""
        answers: dict[Phase, Reply] = {}
        for phase, command in zip((Phase.MAIL, Phase.RCPT, Phase.DATA), commands, strict=True):
            line.write(command)
            answers[phase] = self._answer(line, post, phase)
            if answers[phase].negative:
                break
        return answers

    def _answer(self, line: Line, post: _Post, phase: Phase) -> Reply:
        reply = line.reply(line.patience.command)
        self._unless_closing(post, phase, reply)
        return reply

    def _unless_closing(self, post: _Post, phase: Phase, reply: Reply) -> None:
        if reply.code == CLOSING:
            self._stakes[post.id] = _Fate(Verdict.DEFERRED, reply.label, f"{phase}: {reply.words}", blame(phase, reply))
            raise LineBroken(str(reply))

    def _judge(self, post: _Post, answers: dict[Phase, Reply]) -> tuple[Outcome | None, _Tail]:
        """The refusal, if there was one, and what the line owes next. Answers that no dialogue can produce break the line."""
        mail, rcpt, data = answers[Phase.MAIL], answers.get(Phase.RCPT), answers.get(Phase.DATA)
        if rcpt and data and mail.positive and rcpt.positive and data.code == START_INPUT:
            return None, _Tail(post.wire + _DOT, post)
        refused = next(((phase, reply) for phase, reply in answers.items() if reply.negative), None)
        sane = (mail.positive or mail.negative) and (rcpt is None or rcpt.negative or (rcpt.positive and mail.positive))
        if refused is None or not sane or (data is not None and not data.negative and data.code != START_INPUT):
            raise LineBroken("the relay's answers are out of step: " + ", ".join(f"{phase} {reply}" for phase, reply in answers.items()))
        if turns_us_away(*refused):
            self._turned_away = f"the relay answers {refused[0]} with {refused[1]}"
        return _refusal(post, *refused), _owed_after_refusal(mail, data)

    # -- fates -----------------------------------------------------------------------------------------------------

    def _settled(self, line: Line, outcome: Outcome) -> Outcome:
        """Nothing is at stake any more; the journal knows before the ledger does."""
        line.settled += 1
        return self._told(outcome)

    def _told(self, outcome: Outcome) -> Outcome:
        self._journal.answered(outcome)
        self._stakes.pop(outcome.delivery_id, None)
        return outcome

    def _lost(self, broken: LineBroken) -> Iterator[Outcome]:
        """The fates of what was under way when the line broke."""
        if self._line is not None:
            self._line.close()
        for delivery_id, fate in list(self._stakes.items()):
            words = fate.words or f"the line broke: {broken.words}"
            yield self._told(Outcome(delivery_id, fate.verdict, fate.code, words, blame=fate.blame))


def _commands(post: _Post, line: Line) -> tuple[bytes, bytes, bytes]:
    size = f" SIZE={len(post.wire)}" if line.has_extn("size") else ""
    mail = f"MAIL FROM:<{post.parcel.message.sender}>{size}\r\n"
    return mail.encode("ascii"), f"RCPT TO:<{post.parcel.recipient}>\r\n".encode("ascii"), b"DATA\r\n"


def _owed_after_refusal(mail: Reply, data: Reply | None) -> _Tail:
    if data is not None and data.code == START_INPUT:
        return _Tail(_DOT)  # RFC 2920, section 3.1: DATA was accepted all the same, and takes an empty message for nobody
    return _Tail(_RSET) if mail.positive else _Tail()


def _refusal(post: _Post, phase: Phase, reply: Reply) -> Outcome:
    return Outcome(post.id, verdict(phase, reply), reply.label, f"{phase}: {reply.words}", blame=blame(phase, reply))


def _unfit(post: _Post, size_limit: int | None) -> Outcome | None:
    """What no command may carry, or the relay would refuse after having read it all. The codes are those a relay would give."""
    message = post.parcel.message
    if not _ADDRESS.fullmatch(post.parcel.recipient):
        words = "the address holds letters that an envelope cannot carry (blanks, <, >, or letters outside ASCII)"
        return Outcome(post.id, Verdict.REFUSED, "553 5.1.3", words)
    if not _ADDRESS.fullmatch(message.sender):
        words = "the sender holds letters that an envelope cannot carry: see PAPERBOY_SENDER"
        return Outcome(post.id, Verdict.DEFERRED, "553 5.1.7", words)
    if size_limit is not None and len(post.wire) > size_limit:
        words = f"{len(post.wire)} bytes, and the relay takes {size_limit} (RFC 1870)"
        return Outcome(post.id, Verdict.REFUSED, "552 5.3.4", words)
    return None
