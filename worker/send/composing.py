"""From claims to parcels: who the reader is now, whether we may still write, and the message joined from its pieces."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from email.utils import parseaddr

from sqlalchemy.orm import Session

from config.clock import Clock
from config.database import Database
from config.log import logger
from config.settings import Settings
from subscribers import audience, cadence, requests
from subscribers.audience import Addressee as Reader
from subscribers.links import VOTES, Links
from subscribers.models import Request, RequestKind, Standing
from worker.ingest import catalogue
from worker.ingest.papers import Paper
from worker.pick import editions
from worker.pick.choices import Selection, shown, unpacked
from worker.render import letters
from worker.render.addressee import Addressee, Urls
from worker.render.digests import NothingToShow
from worker.render.letters import Letter
from worker.render.message import Message
from worker.render.notices import Notice
from worker.render.press import Press
from worker.send import announcements
from worker.send.group import Ready
from worker.send.ledger.claims import Claimed
from worker.send.ledger.outcomes import Settlement
from worker.send.models import OPERATOR_ID, Kind, State
from worker.send.port import Parcel

RETRY_COMPOSING = timedelta(minutes=30)
LATELY = 5.0  # seconds for which a paper is not read again: the groups of one wave show the same ones

log = logger(__name__)


class MayNot(Exception):
    """Nothing may go out for this claim any more, and why."""

    state = State.CANCELLED


class TooOld(MayNot):
    """Its use is over."""

    state = State.STALE


@dataclass(frozen=True, slots=True)
class _Facts:
    """Everything a group of claims needs, read in one statement a table."""

    now: datetime
    readers: Mapping[int, Reader]
    papers: Mapping[int, Paper]
    requests: Mapping[int, Request]
    notes: Mapping[date, str]
    notices: Mapping[int, Notice] = field(default_factory=dict)


class LedgerComposer:
    """Composes what the ledger's rows say; the web view, a resend and a preview come out the same."""

    def __init__(self, settings: Settings, database: Database, clock: Clock) -> None:
        self._settings = settings
        self._database = database
        self._clock = clock
        self._press = Press(settings)
        self._links = Links(settings.secret_key, settings.base_url)
        self._lately: dict[int, Paper] = {}
        self._read_at = clock.monotonic()

    def compose(self, claims: Sequence[Claimed]) -> tuple[list[Ready], list[Settlement]]:
        """What may go out now, and what ends here: the reader left, the content is stale. One that cannot be composed stops no other."""
        facts = self._read(claims)
        ready: list[Ready] = []
        ended: list[Settlement] = []
        for claimed in claims:
            try:
                ready.append(self._ready(claimed, facts))
            except MayNot as error:
                ended.append(Settlement(claimed.id, error.state, facts.now, str(error)))
            except Exception as error:
                log.exception("cannot compose", delivery=claimed.id)
                ended.append(_uncomposable(claimed, facts.now, error))
        return ready, ended

    def preview(self, session: Session, selection: Selection, reader: Reader, address: str, *, now: datetime) -> Message:
        """The exact mail a reader would get now, for `address`, with `[test]` in the subject and links that open nothing."""
        claimed = Claimed(0, reader.id, f"preview:{now:%Y-%m-%d}", Kind.DIGEST, now, now, 0, selection.packed())
        facts = _Facts(now, {}, self._papers(session, [claimed]), {}, self._notes(session, [claimed]))
        return self._press.digest(*self._parts(claimed, replace(reader, address=address), facts, self._links.inert(), "[test]"))

    def preview_notice(self, notice: Notice, address: str) -> Message:
        """The mail that a notice would be, for `address`: `[test]` in the subject, and links that open nothing."""
        now = self._clock.now()
        nobody = Reader(0, address, b"", "", Standing.ACTIVE, "UTC")
        claimed = Claimed(0, 0, f"preview:{now:%Y-%m-%d}", Kind.NOTICE, now, now, 0, {})
        return self._notice(notice, claimed, nobody, now, self._links.inert(), "[test]")

    def _notice(self, notice: Notice, claimed: Claimed, reader: Reader, now: datetime, links: Links, mark: str) -> Message:  # noqa: PLR0913, PLR0917 - what one mail is made of
        urls = Urls(leave=links.leave(reader.id), preferences=links.preferences(reader.id, now), signup=links.home())
        return self._press.notice(notice, _addressee(claimed, reader, reader.address, now, urls, mark))

    def _ready(self, claimed: Claimed, facts: _Facts) -> Ready:
        if claimed.stale_at <= facts.now:
            raise TooOld("too old to be of use when its turn came")
        if claimed.subscriber_id == OPERATOR_ID:
            message = self._to_operator(claimed, facts)
            return Ready(claimed, Parcel(claimed.id, message.recipient, message))
        reader = facts.readers.get(claimed.subscriber_id)
        if reader is None:
            raise MayNot("the reader was erased")
        message = self._message(claimed, reader, facts)
        return Ready(claimed, Parcel(claimed.id, message.recipient, message), reader.address_key)

    def _message(self, claimed: Claimed, reader: Reader, facts: _Facts) -> Message:
        if "letter" in claimed.content:
            return self._letter(claimed, reader, facts)
        if reader.standing != Standing.ACTIVE:
            raise MayNot(f"the reader is {reader.standing}")
        if "notice" in claimed.content:
            return self._notice(facts.notices[claimed.content["notice"]], claimed, reader, facts.now, self._links, "")
        return self._checked_digest(claimed, reader, facts)

    def _checked_digest(self, claimed: Claimed, reader: Reader, facts: _Facts) -> Message:
        try:
            return self._press.digest(*self._parts(claimed, reader, facts, self._links, ""))
        except NothingToShow:
            raise MayNot("none of its papers can be shown any more") from None

    def _parts(
        self, claimed: Claimed, reader: Reader, facts: _Facts, links: Links, mark: str
    ) -> tuple[Selection, Mapping[int, Paper], Addressee, str]:
        """What the press needs of one digest."""
        view = links.view(claimed.id)
        urls = Urls(
            leave=links.leave(reader.id),
            preferences=links.preferences(reader.id, facts.now),
            view=view,
            votes=view + VOTES,
            signup=links.home(),
        )
        to = _addressee(claimed, reader, reader.address, facts.now, urls, mark)
        return unpacked(claimed.content), facts.papers, to, facts.notes.get(claimed.due_at.date(), "")

    def _letter(self, claimed: Claimed, reader: Reader, facts: _Facts) -> Message:
        request = facts.requests.get(claimed.content["request"])
        if request is None or request.used_at is not None:
            raise MayNot("its link was used already")
        kind = RequestKind(request.kind)
        if reader.standing not in requests.MAY_BE_SENT[kind]:
            raise MayNot(f"the reader is {reader.standing}")
        urls = Urls(preferences=self._links.preferences(reader.id, facts.now), signup=self._links.home())
        to = _addressee(claimed, reader, request.detail or reader.address, facts.now, urls, "")
        return self._press.letter(self._worded(kind, request.id, facts.now), to)

    def _worded(self, kind: RequestKind, request_id: int, now: datetime) -> Letter:
        match kind:
            case RequestKind.CONFIRM:
                return letters.confirm(self._links.confirm(request_id, now))
            case RequestKind.FRESH_LINK:
                return letters.fresh_link(self._links.fresh(request_id, now))
            case RequestKind.NEW_ADDRESS:
                return letters.new_address(self._links.confirm(request_id, now))
            case RequestKind.ADDRESS_CHANGED:
                return letters.address_changed()
            case RequestKind.WELCOME:
                raise MayNot("a welcome is a digest")

    def _to_operator(self, claimed: Claimed, facts: _Facts) -> Message:
        if not self._settings.operator:
            raise MayNot("PAPERBOY_OPERATOR is not set any more")
        operator = Reader(OPERATOR_ID, parseaddr(self._settings.operator)[1], b"", "", Standing.ACTIVE, "UTC")
        to = _addressee(claimed, operator, operator.address, facts.now, Urls(), "")
        return self._press.letter(letters.operator_notice(claimed.content["subject"], [claimed.content["words"]]), to)

    def _read(self, claims: Sequence[Claimed]) -> _Facts:
        with self._database.reading() as session:
            readers = audience.addresses(session, {one.subscriber_id for one in claims})
            asked = requests.by_id(session, {one.content["request"] for one in claims if "request" in one.content})
            notices = announcements.by_id(session, {one.content["notice"] for one in claims if "notice" in one.content})
            return _Facts(self._clock.now(), readers, self._papers_lately(session, claims), asked, self._notes(session, claims), notices)

    def _papers_lately(self, session: Session, claims: Sequence[Claimed]) -> Mapping[int, Paper]:
        """The papers of a group, as they stood within the last seconds: reading them for each group cost a quarter of composing."""
        now = self._clock.monotonic()
        if now - self._read_at >= LATELY:
            self._lately, self._read_at = {}, now
        self._lately |= catalogue.papers_by_id(session, _shown(claims) - self._lately.keys())
        return self._lately

    def _papers(self, session: Session, claims: Sequence[Claimed]) -> Mapping[int, Paper]:
        return catalogue.papers_by_id(session, _shown(claims))

    def _notes(self, session: Session, claims: Sequence[Claimed]) -> Mapping[date, str]:
        return editions.notes(session, {one.due_at.date() for one in claims if "for_you" in one.content})


def _shown(claims: Sequence[Claimed]) -> set[int]:
    """The ids of all papers in these claims."""
    return {paper for one in claims for paper in shown(one.content)}


def _addressee(claimed: Claimed, reader: Reader, address: str, now: datetime, urls: Urls, mark: str) -> Addressee:  # noqa: PLR0913, PLR0917 - a value's fields, no knobs
    day = claimed.due_at.astimezone(cadence.zone_named(reader.zone)).date()
    return Addressee(
        address=address, name=reader.name, delivery_id=claimed.id, occasion=claimed.occasion, day=day, sent_at=now, urls=urls, mark=mark
    )


def _uncomposable(claimed: Claimed, now: datetime, error: Exception) -> Settlement:
    later = now + RETRY_COMPOSING
    state = State.WAITING if later < claimed.stale_at else State.FAILED
    return Settlement(claimed.id, state, now, f"could not be composed: {type(error).__name__}: {error}"[:300], next_attempt_at=later)
