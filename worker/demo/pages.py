"""What a demo leaves to look at: every mail as .eml, .html and .txt, and one page with all readers side by side. Needs no script."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from urllib.parse import quote

from config.runtime import Runtime
from config.settings import Settings
from config.templating import environment
from subscribers.cadence import zone_named
from worker.demo.account import Account, account
from worker.demo.folder import Folder
from worker.demo.house import SITE
from worker.demo.stories import Mail, Quiet, Story, stories
from worker.pick.today import topics_of
from worker.render.house import house_of
from worker.send.forward import Forwarded

INDEX = "index.html"
SHOWN = 24  # readers whose mails are written; everybody's are counted


@dataclass(frozen=True, slots=True)
class Cell:
    """One reader's day in the table of the week: a mail, a quiet day, or nothing due."""

    day: date
    mail: Mail | None
    quiet: Quiet | None


@dataclass(frozen=True, slots=True)
class Caption:
    """What was played, and where its papers come from: a sentence each."""

    lead: str
    origin: str


@dataclass(frozen=True, slots=True)
class Told:
    """What came of it."""

    stories: Sequence[Story]
    account: Account


def show(runtime: Runtime, folder: Folder, caption: Caption, forwarded: Forwarded) -> Told:
    """Write the mails of the first readers and the page that shows them, and add everything up. Raises FolderError.

    `forwarded`: who was served outside the waves.
    """
    maildir, now = folder.work / "maildir", runtime.clock.now()
    with runtime.database.reading() as session:
        told = [_spared(story, forwarded, now) for story in stories(session, topics_of(runtime.settings), maildir, most=SHOWN)]
        links = {story.address: [link for mail in story.mails for link in mail.links] for story in told}
        sums = account(session, maildir, links, forwarded, now)
    page = index(told, sums, caption, runtime.settings)
    folder.write(dict(_files(told)) | {INDEX: page.encode()})
    return Told(told, sums)


def _spared(story: Story, forwarded: Forwarded, now: datetime) -> Story:
    """The story of a reader for whom there was too little to bring forward: that uses nothing up, so the ledger does not know it."""
    reasons = dict(forwarded.quiet)
    if story.address not in reasons:
        return story
    today = now.astimezone(zone_named(story.zone)).date()
    return replace(story, quiet=(*story.quiet, Quiet(today, reasons[story.address])))


def _files(told: Sequence[Story]) -> Iterator[tuple[str, bytes]]:
    for mail in (mail for story in told for mail in story.mails):
        yield f"{mail.name}.eml", mail.wire
        yield f"{mail.name}.html", mail.html.encode()
        yield f"{mail.name}.txt", mail.text.encode()


def index(told: Sequence[Story], sums: Account, caption: Caption, settings: Settings) -> str:
    """The page that shows every reader's mails side by side."""
    days = _days(told)
    made = environment(settings.templates, filters={"file": lambda name: quote(str(name))})
    return made.get_template("pages/demo/index.html").render(
        house=house_of(settings),
        site=SITE,
        caption=caption,
        stories=told,
        account=sums,
        days=days,
        span=_span(days),
        weeks={story.address: list(_cells(story, days)) for story in told},
        quiet={story.address: quiet_days(story) for story in told},
    )


def quiet_days(story: Story) -> list[tuple[str, str]]:
    """Each reason why there was no mail, and the days it held for: "Sat 20, Sun 21"."""
    reasons: dict[str, list[str]] = {}
    for one in story.quiet:
        reasons.setdefault(one.reason, []).append(f"{one.day:%a} {one.day.day}")
    return [(reason, ", ".join(days)) for reason, days in reasons.items()]


def _days(stories: Sequence[Story]) -> list[date]:
    """Every day from the first occasion to the last."""
    known = [day for story in stories for day in (*(mail.day for mail in story.mails), *(one.day for one in story.quiet))]
    return [min(known) + timedelta(days=number) for number in range((max(known) - min(known)).days + 1)] if known else []


def _cells(story: Story, days: Sequence[date]) -> Iterator[Cell]:
    mails, quiet = {mail.day: mail for mail in story.mails}, {one.day: one for one in story.quiet}
    for day in days:
        yield Cell(day, mails.get(day), quiet.get(day))


def _span(days: Sequence[date]) -> str:
    if not days:
        return "No day"
    first, last = days[0], days[-1]
    end = f"{last.day} {last:%B %Y}"
    return (
        f"{first:%A}, {end}"
        if first == last
        else f"{first.day}{'' if (first.month, first.year) == (last.month, last.year) else f' {first:%B}'} to {end}"
    )
