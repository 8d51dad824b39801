"""What the demo says: a line a day, who got what and why, and the account. Prints what was counted, and counts nothing."""

from collections.abc import Sequence
from datetime import date

from worker.commands.terminal import Said, console, say, show
from worker.demo.folder import Folder
from worker.demo.pages import INDEX, Caption, Told, quiet_days
from worker.demo.play import Moment
from worker.demo.stories import Story
from worker.ingest.runs import Summary

WEEK = Caption(
    "A week of real papers, played day by day through the service’s main line.",
    "The papers are those that Hugging Face’s daily papers and arXiv’s new listings named from 15 to 22 June 2026, and the 78 of a"
    " sample page. How their votes grew is played by a fixed curve that ends at the recorded number.",
)
LIVE = Caption(
    "What the sources list today, mailed to every reader at once.", "The papers are what the sources listed when they were asked."
)


def day(when: date, moments: Sequence[Moment]) -> str:
    """One day of the week: "Mon 15 June    195 new papers   9 mails   0 spared for too little new"."""
    papers, mails, quiet = (sum(getattr(one, name) for one in moments) for name in ("papers", "mails", "quiet"))
    new = f"{papers:>6,} new {'paper' if papers == 1 else 'papers'}"
    sent = f"{mails:>7,} {'mail' if mails == 1 else 'mails'}"
    return f"{f'{when:%a} {when.day} {when:%B}':<12}{new:<17}{sent:<13}{quiet:>7,} spared for too little new"


def source(summary: Summary) -> tuple[Said, ...]:
    """What a real source gave."""
    if summary.error:
        return (f"{summary.source}: {summary.seen} papers, then it ", ("failed", "bold red"), f": {summary.error}")
    return (f"{summary.source}: {summary.seen} papers, {summary.skips} entries skipped",)


def account(told: Told, folder: Folder, seconds: float) -> None:
    """Who got what and why, the account, and where to look."""
    say()
    _readers(told.stories)
    if told.account.readers > len(told.stories):
        say(f"... and {told.account.readers - len(told.stories):,} more readers, counted below")
    say()
    _figures(told)
    say()
    written, of_all = sum(len(story.mails) for story in told.stories), told.account.mails
    which = "all of them" if written == of_all else f"the {written:,} of the first {len(told.stories)} readers"
    say(f"{of_all:,} mails in {seconds:.1f} s; {which} as .eml, .html and .txt in {folder.path}")
    say(f"look at  {folder.path / INDEX}")
    say("next:    ./paperboy up")


def _readers(stories: Sequence[Story]) -> None:
    if console.is_terminal:
        header = ("reader", "asked for", "mails", "papers", "no mail on")
        show(header, [(story.name, _wishes(story), str(len(story.mails)), str(story.papers), _quiet(story)) for story in stories])
        say(("Why, for example", "bold"))
        for story in stories:
            if story.example:
                say(f"{story.name}: “{story.example[0]}” ", (f"({story.example[1]})", "dim"))
        return
    for story in stories:
        say(f"{story.name}: {story.rhythm}, {story.zone}")
        say(f"  asked for  {_wishes(story)}")
        say(f"  got        {len(story.mails)} {'mail' if len(story.mails) == 1 else 'mails'} with {story.papers} papers")
        if story.example:
            say(f"  such as    “{story.example[0]}”, because: {story.example[1]}")
        if story.quiet:
            say(f"  no mail    {_quiet(story)}")


def _wishes(story: Story) -> str:
    return "; ".join(f"{kind} {', '.join(words)}" for kind, words in story.wishes) or "nothing: what trends"


def _quiet(story: Story) -> str:
    return "; ".join(f"{days}: {reason}" for reason, days in quiet_days(story))


def _figures(told: Told) -> None:
    figures = told.account
    say(
        f"nobody got a paper twice: {figures.papers:,} papers handed to {figures.readers:,} readers, {figures.twice} of them again;"
        f" {figures.links:,} links in the mails at hand, {figures.links_twice} of them again"
    )
    say(f"every occasion is accounted for: {figures.counted:,} = {figures.mails:,} mails + {figures.quiet:,} spared, each with a reason")
    if figures.waves:
        say(f"every wave adds up: {figures.waves:,} waves, {figures.off} off")
    say(f"every mail is there: {figures.in_maildir:,} in the Maildir")
    if figures.sample:
        say(f"the sample page went the same way: {figures.sample} papers read in, {figures.sample_mailed} of them mailed to somebody")
    for fault in figures.faults:
        say(("wrong: ", "bold red"), fault)
