"""Parcels on one line after the other, pipelined where the relay allows it (RFC 2920); none is accepted without its own answer.

One write carries the body of a parcel and MAIL, RCPT and DATA of the next, so a parcel costs one round trip and at most one body
is on the wire. Whatever breaks, a parcel whose final dot did not leave is deferred, and one whose dot may have left is unknown.
"""

from collections.abc import Iterator
from typing import NamedTuple

from worker.send.port import Blame, Journal, Outcome, Parcel, Verdict, Withheld
from worker.send.smtp.envelope import DOT, RSET, Post, Tail, commands, owed_after_refusal, refusal, unfit
from worker.send.smtp.line import Line, LineBroken
from worker.send.smtp.replies import CLOSING, START_INPUT, WELCOME, Phase, Reply, blame, turns_us_away

_ENVELOPE = (Phase.MAIL, Phase.RCPT, Phase.DATA)


class Fate(NamedTuple):
    """What becomes of a parcel under way if the line breaks now; a code only when an answer was its own."""

    verdict: Verdict
    code: str = ""
    words: str = ""
    blame: Blame = Blame.MAILER


_SURELY_NOT, _NOBODY_KNOWS = Fate(Verdict.DEFERRED), Fate(Verdict.UNKNOWN)


class Dialogue:
    """What is said about parcels, and what is at stake meanwhile. One a mailer."""

    def __init__(self, journal: Journal, max_messages: int) -> None:
        """`max_messages`: envelopes that one line may carry."""
        self._journal = journal
        self._max_messages = max_messages
        self.stakes: dict[int, Fate] = {}  # drawn and unanswered
        self.turned_away = ""  # how the relay said that it wants nothing from us now

    def converse(self, line: Line, queue: Iterator[Parcel]) -> Iterator[Outcome]:
        """Hand over on this line until the parcels, or the line's messages, come to their end. Raises LineBroken."""
        tail, pipelines, says_size, size_limit = Tail(), line.pipelines, line.has_extn("size"), line.size_limit
        while not self.turned_away and line.messages < self._max_messages and (parcel := next(queue, None)) is not None:
            self.stakes[parcel.delivery_id] = _SURELY_NOT
            post = Post(parcel.delivery_id, parcel, parcel.message.wire())
            if fault := unfit(post, size_limit):
                yield self._settled(line, fault)
                continue
            line.messages += 1
            words = commands(post, says_size=says_size)
            yield from self._finish(line, tail, b"".join(words) if pipelines else b"")
            if pipelines and line.takes(WELCOME, line.patience.command):
                tail = Tail(post.wire, post)
                continue
            answers = self._answers(line, post) if pipelines else self._step_by_step(line, post, words)
            refused, tail = self._judge(post, answers)
            if refused:
                yield self._settled(line, refused)
        yield from self._finish(line, tail)

    def lost(self, broken: LineBroken) -> Iterator[Outcome]:
        """The fates of what was under way when the line broke."""
        for delivery_id, fate in list(self.stakes.items()):
            words = fate.words or f"the line broke: {broken.words}"
            yield self._told(Outcome(delivery_id, fate.verdict, fate.code, words, blame=fate.blame))

    def _finish(self, line: Line, tail: Tail, following: bytes = b"") -> Iterator[Outcome]:
        """Write what the line owes, with what follows it, and read the answer to it."""
        line.expect_silence()
        self._write(line, tail, following)
        if tail.post is not None:
            yield self._settled(line, self._answer_to_body(line, tail.post))
        elif tail.data:
            reply = line.reply(line.patience.command)
            if reply.code == CLOSING or (tail.data == RSET and not reply.positive):
                raise LineBroken(f"the relay refuses to go on: {reply}")

    def _write(self, line: Line, tail: Tail, following: bytes) -> None:
        if tail.post is None:
            line.write(tail.data + following)
            return
        self._begin(tail.post)
        try:
            line.write(tail.data, DOT + following)
        except LineBroken as broken:
            # Short of the final dot a relay has no message; "\r\n.\r" might pass for one with a careless relay.
            if broken.given <= len(tail.data):
                self.stakes[tail.post.id] = _SURELY_NOT
            raise

    def _begin(self, post: Post) -> None:
        try:
            self._journal.begun(post.id)
        except Withheld as error:
            raise LineBroken(str(error)) from error
        except OSError as error:
            raise LineBroken(f"the journal cannot be written, so nothing is sent: {error.strerror or error}") from error
        self.stakes[post.id] = _NOBODY_KNOWS

    def _answer_to_body(self, line: Line, post: Post) -> Outcome:
        reply = line.reply(line.patience.final)
        if reply.positive:
            return Outcome(post.id, Verdict.ACCEPTED, reply.label, reply.words, reply.queue_id)
        if not reply.negative:
            raise LineBroken(f"the relay answers a body with {reply}")
        self._unless_closing(post, Phase.BODY, reply)
        return refusal(post, Phase.BODY, reply)

    def _answers(self, line: Line, post: Post) -> dict[Phase, Reply]:
        """The three answers to a pipelined envelope."""
        return {phase: self._answer(line, post, phase) for phase in _ENVELOPE}

    def _step_by_step(self, line: Line, post: Post, words: tuple[bytes, ...]) -> dict[Phase, Reply]:
        """The same in lock-step: nothing more is said after a refusal."""
        answers: dict[Phase, Reply] = {}
        for phase, command in zip(_ENVELOPE, words, strict=True):
            line.write(command)
            answers[phase] = self._answer(line, post, phase)
            if answers[phase].negative:
                break
        return answers

    def _answer(self, line: Line, post: Post, phase: Phase) -> Reply:
        reply = line.reply(line.patience.command)
        self._unless_closing(post, phase, reply)
        return reply

    def _unless_closing(self, post: Post, phase: Phase, reply: Reply) -> None:
        if reply.code == CLOSING:
            self.stakes[post.id] = Fate(Verdict.DEFERRED, reply.label, f"{phase}: {reply.words}", blame(phase, reply))
            raise LineBroken(str(reply))

    def _judge(self, post: Post, answers: dict[Phase, Reply]) -> tuple[Outcome | None, Tail]:
        """The refusal, if there was one, and what the line owes next. Answers that no dialogue can produce break the line."""
        mail, rcpt, data = answers[Phase.MAIL], answers.get(Phase.RCPT), answers.get(Phase.DATA)
        if rcpt and data and mail.positive and rcpt.positive and data.code == START_INPUT:
            return None, Tail(post.wire, post)
        refused = next(((phase, reply) for phase, reply in answers.items() if reply.negative), None)
        sane = (mail.positive or mail.negative) and (rcpt is None or rcpt.negative or (rcpt.positive and mail.positive))
        if refused is None or not sane or (data is not None and not data.negative and data.code != START_INPUT):
            raise LineBroken("the relay's answers are out of step: " + ", ".join(f"{phase} {reply}" for phase, reply in answers.items()))
        if turns_us_away(*refused):
            self.turned_away = f"the relay answers {refused[0]} with {refused[1]}"
        return refusal(post, *refused), owed_after_refusal(mail, data)

    def _settled(self, line: Line, outcome: Outcome) -> Outcome:
        """Nothing is at stake any more; the journal knows before the ledger does."""
        line.settled += 1
        return self._told(outcome)

    def _told(self, outcome: Outcome) -> Outcome:
        self._journal.answered(outcome)
        self.stakes.pop(outcome.delivery_id, None)
        return outcome
