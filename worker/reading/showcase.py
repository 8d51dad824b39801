"""What the readers' forms show of papers: the newsdesk's drafts, a reader's last digests, titles. As safe markup, for the port."""

from collections.abc import Collection, Mapping
from datetime import datetime

from jinja2 import Environment
from markupsafe import Markup
from sqlalchemy.orm import Session

from subscribers.choices import Choices
from subscribers.links import Links
from subscribers.web.showcase import Beside
from worker.ingest import catalogue
from worker.reading.history import told
from worker.reading.newsdesk import Draft, Newsdesk
from worker.send import announcements
from worker.send.ledger import lookups

TEASED = 3  # cards on the front page


class ReadingShowcase:
    """Fills in what `subscribers.web` asks to show. One object a process."""

    def __init__(self, newsdesk: Newsdesk, links: Links, templates: Environment) -> None:
        self._newsdesk = newsdesk
        self._links = links
        self._templates = templates
        self._teased: tuple[object, Markup] = (None, Markup())

    def today(self, now: datetime) -> Beside:
        desk = self._newsdesk.look(now)
        state = (desk.ranking_id, desk.marks, now.date())  # what everybody's would be made of
        if self._teased[0] != state or not desk.candidates.papers:
            draft = self._newsdesk.draft(desk, Choices(for_you=0, trending=TEASED), now)
            self._teased = (state, self._shown(draft, "Today’s digest"))
        return Beside(self._teased[1], self._newsdesk.papers_a_day(desk))

    def preview(self, choices: Choices, now: datetime) -> Beside:
        desk = self._newsdesk.look(now)
        draft = self._newsdesk.draft(desk, choices, now)
        quiet = "the papers of the last days are being fetched" if draft.is_empty else draft.quiet
        return Beside(self._shown(draft, "Your digest today"), self._newsdesk.papers_a_day(desk), quiet)

    def history(self, session: Session, subscriber_id: int, *, opens: bool) -> Markup:
        found = lookups.history(session, subscriber_id)
        rows = told(found, self._links, announcements.subjects(session, found))
        return self._fragment("history", rows=rows, opens=opens)

    def titles(self, session: Session, paper_keys: Collection[str]) -> Mapping[str, str]:
        if not paper_keys:
            return {}
        ids = catalogue.ids_by_key(session, paper_keys)
        papers = catalogue.papers_by_id(session, ids.values())
        return {key: papers[number].title for key, number in ids.items() if number in papers}

    def _shown(self, draft: Draft, title: str) -> Markup:
        return self._fragment("empty" if draft.is_empty else "quiet" if draft.quiet else "digest", title=title, draft=draft)

    def _fragment(self, name: str, **context: object) -> Markup:
        return Markup(self._templates.get_template(f"pages/parts/{name}.html").render(context))  # noqa: S704 - a template of ours, escaped
